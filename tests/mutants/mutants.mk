# Mutants of kernels (tests/mutants/mutants.py), some minutes for ten: make mutants ARGS="--backend cpu --count 50 --seed 1".
mutants: all
	tests/mutants/mutants.py --build $(BUILD) $(ARGS)
.PHONY: mutants
