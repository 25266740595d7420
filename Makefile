# isocl: one non-recursive Makefile. `make help` lists what it can do.
#   make OPENCL=0            build without OpenCL        make CC=clang
#   make SAN=address,undefined test                      make WERROR=1 (as CI does)
CC      ?= cc
CC_FOR_BUILD ?= $(CC)
PREFIX  ?= /usr/local
DESTDIR ?=
SAN     ?=
WERROR  ?= 0
FPFLAGS ?= -ffp-contract=off
PKG     ?= pkg-config
BUILD   ?= build$(if $(SAN),/san)

VERSION  := $(shell sed -n 's/^.define ISO_VERSION "\(.*\)"/\1/p' core/iso.h)
# Rises when a symbol of core/isocl.h goes or changes (tests/abi.txt), with all that is linked against the old one.
SOVERSION := 0
SONAME   := libisocl.so.$(SOVERSION)
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            $(if $(filter 1,$(WERROR)),-Werror)
OPT      ?= -O2
CFLAGS   ?= $(OPT) -g
# No code here reads errno or floating-point flags after arithmetic; saying so lets loops be vectorised. The same objects
# are the program's and both libraries'; the shared one shows what core/isocl.h declares.
ISO_CFLAGS := -std=c11 -fPIC -fvisibility=hidden $(FPFLAGS) -fno-trapping-math -fno-math-errno $(WARNINGS) \
            -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -D_DARWIN_C_SOURCE -I. -MMD -MP \
            $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
LIBS     := -lm -lpthread -ldl
LDFLAGS  += $(if $(SAN),-fsanitize=$(SAN))

# $(call package,NAME,-lLIBRARY) gives the flags of a library: those of pkg-config or, where it knows none, the
# library alone. $(call use,FLAGS) builds everything with them.
package   = $(or $(shell $(PKG) --cflags --libs $(1) 2>/dev/null),$(2))
use       = $(eval ISO_CFLAGS += $(filter-out $(ISO_CFLAGS),$(filter -I% -D%,$(1)))) \
            $(eval LIBS := $(filter-out -I% -D%,$(1)) $(LIBS))
$(call use,$(call package,yaml-0.1,-lyaml) $(call package,jansson,-ljansson) $(call package,zlib,-lz))

# OpenCL and CLBlast are probed once; OPENCL=0 leaves them out, a missing library does too, and says so.
HASH     := \#
probe     = $(shell printf '$(HASH)include <$(1)>\nint main(void){return 0;}\n' | \
            $(CC) -DCL_TARGET_OPENCL_VERSION=120 -x c - -o /dev/null $(2) 2>/dev/null && echo 1 || echo 0)
OPENCL_FLAGS  := $(call package,OpenCL,-lOpenCL)
CLBLAST_FLAGS := $(call package,clblast,-lclblast)
ifndef OPENCL
OPENCL   := $(call probe,CL/cl.h,$(OPENCL_FLAGS))
endif
ifndef CLBLAST
CLBLAST  := $(if $(filter 1,$(OPENCL)),$(call probe,clblast_c.h,$(CLBLAST_FLAGS)),0)
endif
# (Both are opened when a device is: only their headers are needed to build.)
$(call use,$(if $(filter 1,$(OPENCL)),$(filter -I%,$(OPENCL_FLAGS))) $(if $(filter 1,$(CLBLAST)),$(filter -I%,$(CLBLAST_FLAGS))))
# HDF5 reads and writes Keras's weights: core/formats/keras_*.c.
HDF5_FLAGS := $(call package,hdf5,-lhdf5)
ifndef HDF5
HDF5     := $(call probe,hdf5.h,$(HDF5_FLAGS))
endif
$(call use,$(if $(filter 1,$(HDF5)),$(HDF5_FLAGS)))
CONFIG   := $(if $(filter 1,$(OPENCL)),-DISO_HAVE_OPENCL) $(if $(filter 1,$(CLBLAST)),-DISO_HAVE_CLBLAST)
# Libraries that read image files: one file of core each. $(call image,KIND,HEADER,FLAGS) probes one unless KIND=0 or
# KIND=1 is given. (jpeglib.h needs stdio.h before it.)
image      = $(if $(filter undefined,$(origin $(1))),$(eval $(1) := $(call probe,$(2),$(3))))$(call use,$(if $(filter 1,$($(1))),$(3)))
$(call image,PNG,png.h,$(call package,libpng,-lpng))
$(call image,JPEG,stdio.h>\n$(HASH)include <jpeglib.h,$(call package,libjpeg,-ljpeg))
$(call image,GIF,gif_lib.h,-lgif)
$(call image,WEBP,webp/demux.h,$(call package,libwebpdemux libwebp,-lwebpdemux -lwebp))
$(call image,TIFF,tiffio.h,$(call package,libtiff-4,-ltiff))
$(call image,HEIF,libheif/heif.h,$(call package,libheif,-lheif))
IMAGES     := PNG JPEG GIF WEBP TIFF HEIF
# MPI: ranks on several devices and machines, core/ranks/mpi_open.c. Its library is opened when mpirun has started isocl,
# so that only the header is needed to build. MPI_PKG=mpich builds for MPICH.
MPI_PKG   ?= $(firstword $(foreach p,ompi-c ompi mpich mpi-c mpi,$(if $(shell $(PKG) --exists $(p) 2>/dev/null && echo 1),$(p))))
MPI_FLAGS := $(filter -I%,$(if $(MPI_PKG),$(shell $(PKG) --cflags $(MPI_PKG) 2>/dev/null)))
ifndef MPI
MPI      := $(call probe,mpi.h,$(MPI_FLAGS))
endif
# ONNX: protoc-c makes C of the schema that the ONNX project ships, for core/onnx/proto_*.c.
ONNX_PROTO ?= /usr/include/onnx/onnx.proto
ONNX_FLAGS := $(call package,libprotobuf-c,-lprotobuf-c)
ifndef ONNX
ONNX     := $(if $(and $(wildcard $(ONNX_PROTO)),$(shell command -v protoc-c)),$(call probe,protobuf-c/protobuf-c.h,$(ONNX_FLAGS)),0)
endif
$(call use,$(if $(filter 1,$(ONNX)),$(ONNX_FLAGS)))
ONNX_C   := $(if $(filter 1,$(ONNX)),$(BUILD)/onnx/onnx.pb-c.c)
# A test compares arith.h with OpenCL by itself.
TEST_FLAGS := $(call package,cmocka,-lcmocka)
TESTLIBS := $(filter-out -I%,$(TEST_FLAGS)) $(LIBS) $(if $(filter 1,$(OPENCL)),$(filter-out -I%,$(OPENCL_FLAGS)))

# The processor that the compiler builds for, which need not be this one's.
X86      := $(filter x86_64% amd64%,$(shell $(CC) -dumpmachine))
# Each folder of backends/ says in backend.mk how it is built: VARIANTS += NAME, NAME_ROOM := FOLDER and NAME_FLAGS
# for each way in which all its files are compiled; ONCE += the files that are compiled once for all of them.
VARIANTS :=
ONCE     :=
include $(wildcard backends/*/backend.mk)
sources   = $(filter-out $(ONCE),$(wildcard backends/$(1)/*.c))

# The files NAME_*.c that need a library; NAME_without.c stands in for the others where it is missing.
# $(call left_out,1 where the library is there,NAME): those that are not built.
left_out  = $(if $(filter 1,$(1)),$(2)_without.c,$(filter-out $(2)_without.c,$(wildcard $(2)_*.c)))
CORE     := $(filter-out $(call left_out,$(HDF5),core/formats/keras) $(call left_out,$(ONNX),core/onnx/proto) \
              $(call left_out,$(MPI),core/ranks/mpi), \
              $(wildcard core/*.c core/*/*.c backends/*.c))
COMMANDS := $(filter-out tools/isocl.c tools/embed.c,$(wildcard tools/*.c tools/report/*.c))
# (Includes the headers of core that kernels include.)
CL_SRC   := $(wildcard clkernels/*.cl clkernels/*.h) $(sort $(shell sed -n 's|^.include "\(core/.*\)"|\1|p' clkernels/*))
OBJ      := $(CORE:%.c=$(BUILD)/%.o) $(COMMANDS:%.c=$(BUILD)/%.o) $(ONCE:%.c=$(BUILD)/%.o) \
            $(foreach v,$(VARIANTS),$(patsubst backends/$($(v)_ROOM)/%.c,$(BUILD)/backends/$(v)/%.o,$(call sources,$($(v)_ROOM)))) \
            $(EMBEDDED) $(BUILD)/tools/report/script.o $(BUILD)/core/ccode/reference_source.o $(ONNX_C:.c=.o)
TESTS    := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
TESTLIB  := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(wildcard tests/test_*.c),$(wildcard tests/*.c)))

.PHONY: all test check check-quick coverage style fuzz install uninstall deb bundle wheel clean help docs FORCE
all: $(BUILD)/isocl $(BUILD)/$(SONAME)

$(BUILD)/isocl: $(BUILD)/tools/isocl.o $(BUILD)/libisocl.a
	@echo '  LD  $@'; $(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/libisocl.a: $(OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/$(SONAME): $(OBJ)
	@echo '  LD  $@'; $(CC) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) -o $@ $^ $(LIBS)

# The static library that is installed: one object, in which nothing is visible that the shared one does not show.
$(BUILD)/public/libisocl.a: $(OBJ)
	@rm -rf $(@D) && mkdir -p $(@D)
	@echo '  LD  $@'; $(CC) -nostdlib -r -o $(@D)/isocl.o $^
	@$(OBJCOPY) --localize-hidden $(@D)/isocl.o && $(AR) rcs $@ $(@D)/isocl.o

# A change of configuration rebuilds what was built with another one. (The flags are taken here, without those that a
# target adds for itself: make hands these on to what the target needs, and this file is needed by all.)
CONFIGURED := $(CC) $(CFLAGS) $(ISO_CFLAGS) $(CONFIG) $(CL_SRC) $(MPI)
$(BUILD)/config: FORCE
	@mkdir -p $(@D)
	@echo '$(CONFIGURED)' | cmp -s - $@ || \
	    { echo '$(CONFIGURED)' > $@; \
	      echo 'OpenCL: $(if $(filter 1,$(OPENCL)),yes,no)   CLBlast: $(if $(filter 1,$(CLBLAST)),yes,no)   HDF5: $(if $(filter 1,$(HDF5)),yes,no)   $(foreach i,$(IMAGES),$(i): $(if $(filter 1,$($(i))),yes,no)  ) ONNX: $(if $(filter 1,$(ONNX)),yes,no)   MPI: $(if $(filter 1,$(MPI)),yes,no)'; }

$(BUILD)/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' > $@

$(BUILD)/core/image/image_%.o: CONFIG += $(foreach i,$(IMAGES),-DISO_HAVE_$(i)=$(if $(filter 1,$($(i))),1,0))
$(BUILD)/core/ranks/mpi_%.o: CONFIG += $(MPI_FLAGS:-I%=-isystem %)
$(BUILD)/core/onnx/proto_%.o: CONFIG += -isystem $(BUILD)/onnx
$(filter $(BUILD)/core/onnx/proto_%,$(OBJ)): | $(ONNX_C)
COMPILE = @mkdir -p $(@D); echo '  CC  $@'; $(CC) $(CPPFLAGS) $(CFLAGS) $(ISO_CFLAGS) $(CONFIG)
# The main of a test program is main.c's, which makes it one that can be its own child.
$(BUILD)/tests/test_%.o: tests/test_%.c $(BUILD)/config
	$(COMPILE) -include tests/main.h -c -o $@ $<
$(BUILD)/tests/%.o: CONFIG += $(filter -I%,$(TEST_FLAGS))
$(BUILD)/tests/main.o: CONFIG += '-DISO_TEST_ROOT="$(CURDIR)"'
# Programs that cannot be their own child start the one that is installed.
$(BUILD)/core/system/program.o: core/system/program.c $(BUILD)/config $(BUILD)/prefix
	$(COMPILE) '-DISO_PROGRAM_INSTALLED="$(PREFIX)/bin/isocl"' -c -o $@ $<
$(BUILD)/%.o: %.c $(BUILD)/config
	$(COMPILE) -c -o $@ $<
define variant
$(BUILD)/backends/$(1)/%.o: backends/$(2)/%.c $(BUILD)/config
	$$(COMPILE) $$($(1)_FLAGS) $$(if $$(findstring fuzzer,$$(SAN)),-fno-sanitize=all) -c -o $$@ $$<
endef
$(foreach v,$(VARIANTS),$(eval $(call variant,$(v),$($(v)_ROOM))))

# The kernels travel inside the program.
$(BUILD)/tools/embed: tools/embed.c
	@mkdir -p $(@D)
	$(CC_FOR_BUILD) -std=c11 -O1 -D_POSIX_C_SOURCE=200809L -o $@ $<
$(BUILD)/clkernels/embedded.c: $(BUILD)/tools/embed $(CL_SRC) $(BUILD)/config
	@mkdir -p $(@D)
	@echo '  CL  $@'; $(BUILD)/tools/embed $(CL_SRC) > $@.tmp && mv $@.tmp $@
$(BUILD)/clkernels/embedded.o: $(BUILD)/clkernels/embedded.c $(BUILD)/config
	$(COMPILE) -c -o $@ $<

$(BUILD)/tools/report/script.c: $(BUILD)/tools/embed tools/report/page.js
	@mkdir -p $(@D)
	@echo '  JS  $@'; $(BUILD)/tools/embed --text iso_page_script tools/report/page.js > $@.tmp && mv $@.tmp $@
$(BUILD)/tools/report/script.o: $(BUILD)/tools/report/script.c $(BUILD)/config
	$(COMPILE) -c -o $@ $<

# The reference's source, preprocessed, travels inside the program, too: `isocl export --c` takes from it what a network
# needs. Empty headers stand in for the C library's, whose names remain as they are.
C_SOURCES := $(filter-out %/kernels.c %/device.c,$(wildcard backends/reference/*.c)) $(wildcard core/ops/*.c) core/text/error.c
C_HEADERS := errno float inttypes limits math stdarg stdbool stddef stdint stdio stdlib string
$(BUILD)/core/ccode/reference.c: $(C_SOURCES) $(BUILD)/config
	@mkdir -p $(@D)/empty && for h in $(C_HEADERS); do : > $(@D)/empty/$$h.h; done
	@for f in $(C_SOURCES); do echo "#include \"$$f\""; done | $(CC) -std=c11 -E -C -w -nostdinc -I$(@D)/empty -I. -DISO_VARIANT=isocl \
	    -MD -MP -MF $@.d -MT $@ - > $@.tmp && mv $@.tmp $@
$(BUILD)/core/ccode/reference_source.c: $(BUILD)/tools/embed $(BUILD)/core/ccode/reference.c
	@echo '  C   $@'; $(BUILD)/tools/embed --text iso_reference_source $(BUILD)/core/ccode/reference.c > $@.tmp && mv $@.tmp $@
$(BUILD)/core/ccode/reference_source.o: $(BUILD)/core/ccode/reference_source.c $(BUILD)/config
	$(COMPILE) -c -o $@ $<

# Generates the code that reads and writes ONNX messages; warnings about its style are not ours.
$(BUILD)/onnx/onnx.pb-c.c: $(ONNX_PROTO)
	@mkdir -p $(@D) && cp $< $(@D)/onnx.proto
	@echo '  PB  $@'; protoc-c --proto_path=$(@D) --c_out=$(@D) $(@D)/onnx.proto
$(BUILD)/onnx/onnx.pb-c.o: $(BUILD)/onnx/onnx.pb-c.c $(BUILD)/config
	$(COMPILE) -w -c -o $@ $<

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(TESTLIB) $(BUILD)/libisocl.a
	@echo '  LD  $@'; $(CC) $(LDFLAGS) -o $@ $^ $(TESTLIBS)
.SECONDARY:

test check: all $(TESTS)
	@BUILD=$(BUILD) sh tests/run.sh $(TESTS)

# Half a minute: the tests that neither train for long nor visit every device.
SLOW  := arith arith_opencl augmentation bad_models bench bounds branches ccode certify changes child cli cli_device cli_eval cli_exit cli_predict cli_train cpu \
         famine fuzz fuzz_files golden gradient job keep keras kill liar measure new numbers npz opencl opencl_queue parity properties \
         read_ahead reference report report_measured reproduce resume run shards stranger stream sweep synchronized train tuner warnings winograd
QUICK := $(filter-out $(SLOW:%=$(BUILD)/tests/test_%),$(TESTS))
check-quick: all $(QUICK)
	@BUILD=$(BUILD) sh tests/run.sh $(QUICK)

# Ranks at length: hashes of every number of shards and ranks, and a hundred trainings of which a rank is killed.
ranks-campaign: all
	sh tests/ranks_campaign.sh $(BUILD)/isocl hashes all
	sh tests/ranks_campaign.sh $(BUILD)/isocl killed 100
# Two ranks with the sanitizers of addresses, undefined behaviour and threads, and on Oclgrind; builds isocl twice.
ranks-sanitized: all
	sh tests/ranks_sanitized.sh

# The share of lines and branches that the tests run, a file a line and as pages (gcovr's).
coverage:
	@command -v gcovr >/dev/null || { echo 'make coverage needs gcovr (Debian: apt-get install gcovr)' >&2; exit 1; }
	@$(MAKE) --no-print-directory BUILD=build/coverage CFLAGS='-O1 -g --coverage' LDFLAGS=--coverage test
	@mkdir -p build/coverage/pages
	@gcovr -j 2 -r . --object-directory build/coverage -f 'core/' -f 'backends/' -f 'tools/' --print-summary \
	    --html-details build/coverage/pages/index.html && echo 'pages build/coverage/pages/index.html'

# One style, checked by clang's tools with the flags of a build (tests/style.sh), and no new include circle.
STYLE_FLAGS = -std=c11 -isystem $(BUILD)/onnx $(MPI_FLAGS:-I%=-isystem %) -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE $(CONFIG) \
              $(IMAGES:%=-DISO_HAVE_%=1) -DISO_VARIANT=reference -DCL_TARGET_OPENCL_VERSION=120 \
              -isystem core $(filter -I%,$(ISO_CFLAGS))
style: $(ONNX_C)
	@sh tests/style.sh $(STYLE_FLAGS)
	@sh tests/circles.sh

# libFuzzer is clang's: see tests/guided/guided.c. It goes through readers, not kernels, which stay as they are.
fuzz:
	@$(MAKE) --no-print-directory CC=clang BUILD=build/fuzz SAN=fuzzer-no-link,address,undefined OPENCL=0 build/fuzz/guided
$(BUILD)/guided: $(BUILD)/tests/guided/guided.o $(filter-out %/main.o,$(TESTLIB)) $(BUILD)/libisocl.a
	@echo '  LD  $@'; $(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(TESTLIBS)

include tests/gpu/gpu.mk
include tests/liar/liar.mk
include tests/famine/famine.mk
include tests/mutants/mutants.mk

docs: all
	$(BUILD)/isocl help --markdown > models/README.md.tmp && mv models/README.md.tmp models/README.md
	sh tools/api_page.sh > core/isocl.md.tmp && mv core/isocl.md.tmp core/isocl.md

# The folders of `make install`, quoted below because their names may have blanks. The installed copies have no
# debug information, and so no path of the machine that built them.
STRIP    ?= strip
OBJCOPY  ?= objcopy
LIBDIR   ?= $(PREFIX)/lib
ZSHDIR   ?= $(PREFIX)/share/zsh/site-functions
ROOT      = $(DESTDIR)$(PREFIX)
MAN_PAGE  = $(ROOT)/share/man/man1/isocl.1
BASH_FILE = $(ROOT)/share/bash-completion/completions/isocl
ZSH_FILE  = $(DESTDIR)$(ZSHDIR)/_isocl
FISH_FILE = $(ROOT)/share/fish/vendor_completions.d/isocl.fish
LIB_FILE  = $(DESTDIR)$(LIBDIR)/libisocl.a
SO_FILE   = $(DESTDIR)$(LIBDIR)/libisocl.so
HEADER    = $(ROOT)/include/isocl.h
PC_FILE   = $(DESTDIR)$(LIBDIR)/pkgconfig/isocl.pc
EXAMPLES  = $(ROOT)/share/doc/isocl/examples
install: all $(BUILD)/public/libisocl.a
	install -d "$(ROOT)/bin" "$(ROOT)/share/isocl" "$(EXAMPLES)"
	for f in "$(MAN_PAGE)" "$(BASH_FILE)" "$(ZSH_FILE)" "$(FISH_FILE)" "$(PC_FILE)" "$(HEADER)"; do \
	    install -d "$${f%/*}" || exit; done
	install -m 755 $(BUILD)/isocl "$(ROOT)/bin/isocl"
	install -m 644 $(BUILD)/public/libisocl.a "$(LIB_FILE)"
	install -m 644 $(BUILD)/$(SONAME) "$(SO_FILE).$(SOVERSION)"
	ln -sf $(SONAME) "$(SO_FILE)"
	$(STRIP) -S "$(ROOT)/bin/isocl" "$(LIB_FILE)" "$(SO_FILE).$(SOVERSION)"
	install -m 644 core/isocl.h "$(HEADER)"
	$(BUILD)/isocl help --man > "$(MAN_PAGE)"
	$(BUILD)/isocl completion bash > "$(BASH_FILE)"
	$(BUILD)/isocl completion zsh > "$(ZSH_FILE)"
	$(BUILD)/isocl completion fish > "$(FISH_FILE)"
	cp -R models "$(ROOT)/share/isocl/"
	install -m 755 tools/get-data.sh "$(ROOT)/share/isocl/get-data.sh"
	install -m 644 tools/example/*.c "$(EXAMPLES)/"
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(subst $(PREFIX),$${prefix},$(LIBDIR))|' \
	    -e 's|@VERSION@|$(VERSION)|' -e 's|@LIBS@|$(LIBS)|' tools/isocl.pc.in > "$(PC_FILE)"

# (Below ~/.local the data sets are in share/isocl, too: they stay.)
uninstall:
	rm -f "$(ROOT)/bin/isocl" "$(MAN_PAGE)" "$(BASH_FILE)" "$(ZSH_FILE)" "$(FISH_FILE)" "$(LIB_FILE)" "$(PC_FILE)" \
	    "$(HEADER)" "$(SO_FILE)" "$(SO_FILE).$(SOVERSION)"
	rm -rf "$(ROOT)/share/isocl/models" "$(ROOT)/share/doc/isocl"
	rm -f "$(ROOT)/share/isocl/get-data.sh"
	rmdir "$(ROOT)/share/isocl" 2>/dev/null || true

# Three packages, isocl, the library and isocl-dev, in the build folder.
deb: all
	rm -rf $(BUILD)/deb
	umask 022 && $(MAKE) install DESTDIR=$(BUILD)/deb/root PREFIX=/usr ZSHDIR=/usr/share/zsh/vendor-completions \
	    LIBDIR=/usr/lib/$$(gcc -print-multiarch 2>/dev/null)
	sh tools/deb.sh $(BUILD) $(VERSION) "$(LIBS)" "$(CONFIG)"

# A folder and an archive that run where nothing can be installed. Its program looks for libraries beside itself.
bundle: $(BUILD)/bundle/isocl
	sh tools/bundle.sh $(BUILD) $(VERSION) $<
$(BUILD)/bundle/isocl: $(BUILD)/tools/isocl.o $(BUILD)/libisocl.a
	@mkdir -p $(@D)
	@echo '  LD  $@'; $(CC) $(LDFLAGS) -Wl,--disable-new-dtags '-Wl,-rpath,$$ORIGIN/../lib' -o $@ $^ $(LIBS)

# The Python package as a wheel, with library, program, models, and the libraries that both need: tools/python/README.md.
wheel: $(BUILD)/bundle/isocl $(BUILD)/bundle/$(SONAME)
	sh tools/bundle.sh $(BUILD) $(VERSION) $<
	$(STRIP) -S $(BUILD)/bundle/$(SONAME)
	python3 tools/python/build_wheel.py $(BUILD)/isocl-$(VERSION)-$$(uname -m) $(BUILD)/bundle/$(SONAME) $(BUILD)
$(BUILD)/bundle/$(SONAME): $(OBJ)
	@mkdir -p $(@D)
	@echo '  LD  $@'; $(CC) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--disable-new-dtags '-Wl,-rpath,$$ORIGIN' -o $@ $^ $(LIBS)

clean:
	@test ! -e "$(BUILD)/Makefile" || { echo 'BUILD=$(BUILD) holds a Makefile: it is no folder of builds' >&2; exit 1; }
	rm -rf "$(BUILD)"

help:
	@echo 'make            build/isocl'
	@echo 'make test       build and run every test; make check is the same, make check-quick takes half a minute'
	@echo 'make coverage   what the tests run: a table, and pages in build/coverage/pages (needs gcovr)'
	@echo 'make style      hold the code to .clang-format and .clang-tidy (version 14)'
	@echo 'make fuzz       damaged files under libFuzzer: build/fuzz/guided tests/readers/mixed.npy -max_total_time=60'
	@echo 'make docs       write models/README.md, the YAML reference, and core/isocl.md, the library'"'"'s'
	@echo 'make install    PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)     make uninstall    with the same'
	@echo 'make gpu-audit  what NVIDIA'"'"'s, AMD'"'"'s and Intel'"'"'s compilers make of the kernels: tests/gpu/README.md'
	@echo 'make deb        Debian packages in $(BUILD)'
	@echo 'make bundle     program and libraries in one archive, for machines where nothing can be installed'
	@echo 'make wheel      the Python package, for pip install: tools/python/README.md'
	@echo 'make OPENCL=0   without OpenCL      make SAN=address,undefined test      make CC=clang'

-include $(BUILD)/core/ccode/reference.c.d $(OBJ:.o=.d) $(BUILD)/tools/isocl.d $(TESTS:=.d) $(TESTLIB:.o=.d)
