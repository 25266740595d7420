/* page.js: what a report's page can do beyond showing: charts smoothed, on another scale, with lines
 * hidden and a cross-hair; tables sorted; the model zoomed; a page that is written while a run trains
 * reads itself anew. Without it the page shows the same numbers. chart.c draws the charts first and
 * says in attributes what is needed here; the ticks are those of axis.c. */
'use strict';
(function () {
    const picture = document.querySelector('svg'), svgNames = picture ? picture.namespaceURI : '';
    const kept = (function () { /* what the reader has chosen, over a reload */
        try { return JSON.parse(sessionStorage.getItem(location.pathname)) || {}; } catch (e) { return {}; }
    })();
    kept.hidden = kept.hidden || [];
    function keep() {
        try { sessionStorage.setItem(location.pathname, JSON.stringify(kept)); } catch (e) { /* it is lost */ }
    }
    const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
    function element(name, attributes, parent, text) {
        const e = document.createElementNS(svgNames, name);
        for (const key in attributes) e.setAttribute(key, attributes[key]);
        if (text !== undefined) e.textContent = text;
        if (parent) parent.appendChild(e);
        return e;
    }

    /* ---- Scales ---- */

    function nice(x) {
        const power = Math.pow(10, Math.floor(Math.log10(x))), share = x / power;
        return power * (share < 1.5 ? 1 : share < 3.2 ? 2 : share < 7.1 ? 5 : 10);
    }
    function scaleOver(least, most, log, begin, end) {
        let from = log ? Math.log10(least) : least, to = log ? Math.log10(most) : most;
        const margin = to > from ? 0.04 * (to - from) : Math.abs(from) / 2 || 0.5;
        from = !log && least >= 0 && least < margin ? 0 : from - margin;
        to += margin;
        return {
            from, to, log,
            at: v => begin + (end - begin) * ((log ? Math.log10(v) : v) - from) / (to - from),
        };
    }
    function ticksOf(s) {
        const ticks = [];
        if (s.log) {
            const each = s.to - s.from < 3 ? [1, 2, 5] : [1], stride = Math.max(1, Math.ceil((s.to - s.from) / 8));
            for (let p = Math.floor(s.from); p <= Math.ceil(s.to); p += stride)
                for (const k of each) {
                    const v = k * Math.pow(10, p), at = Math.log10(v);
                    if (at >= s.from && at <= s.to) ticks.push(v);
                }
            if (ticks.length > 2) return ticks;
            ticks.length = 0; /* a short piece of a log scale has ticks at equal distances */
        }
        const from = s.log ? Math.pow(10, s.from) : s.from, to = s.log ? Math.pow(10, s.to) : s.to;
        const step = nice((to - from) / 5);
        for (let i = Math.ceil(from / step - 1e-9); i * step <= to + 1e-9 * step; i++) ticks.push(i * step);
        return ticks;
    }
    function number(v) {
        if (v === 0) return '0';
        const size = Math.abs(v);
        if (size >= 1e4 && size < 1e6) return +(v / 1e3).toPrecision(6) + 'k';
        if (size >= 1e6 && size < 1e9) return +(v / 1e6).toPrecision(6) + 'M';
        return String(+v.toPrecision(6)).replace('e+', 'e');
    }

    /* ---- Charts ---- */

    /* Averages that forget: each point counts `weight` times as much as the one behind it. */
    function smoothed(points, weight) {
        let sum = 0, count = 0;
        return points.map(p => {
            if (p === null) return null;
            sum = sum * weight + p[1];
            count = count * weight + 1;
            return [p[0], sum / count];
        });
    }
    function readChart(g) {
        const box = g.dataset.box.split(' ').map(Number), x = g.dataset.x.split(' ').map(Number);
        return {
            g, svg: g.ownerSVGElement, fits: g.dataset.fits === '1', xLabel: g.dataset.xLabel,
            left: box[0], right: box[1], bottom: box[2], top: box[3],
            x: { from: x[0], to: x[1], at: v => box[0] + (box[1] - box[0]) * (v - x[0]) / (x[1] - x[0]) },
            series: all('.series', g).map(s => ({
                g: s, label: s.dataset.label, side: s.classList.contains('right-side') ? 'y2-axis' : 'y-axis',
                path: s.querySelector('path'), dots: all('circle', s),
                points: s.querySelector('path').dataset.points.split(' ').filter(t => t).map(
                    t => (t === '-' ? null : t.split(',').map(Number))),
            })),
        };
    }
    const charts = all('.chart').map(readChart);

    function drawAxis(chart, side, scale) {
        const axis = chart.g.querySelector('.' + side), right = side === 'y2-axis';
        axis.textContent = '';
        for (const v of ticksOf(scale)) {
            const y = scale.at(v).toFixed(1);
            if (!right || !chart.g.querySelector('.y-axis'))
                element('line', { class: 'grid', x1: chart.left, x2: chart.right, y1: y, y2: y }, axis);
            element('text', {
                class: 'muted' + (right ? '' : ' end'), x: right ? chart.right + 6 : chart.left - 6, y: +y + 4,
            }, axis, number(v));
        }
    }
    function line(points, chart, scale) {
        let text = '', joined = false;
        for (const p of points) {
            const shown = p !== null && (!scale.log || p[1] > 0);
            if (shown)
                text += (joined ? 'L' : 'M') + chart.x.at(p[0]).toFixed(1) + ' ' + scale.at(p[1]).toFixed(1) +
                    (joined ? '' : 'h0');
            joined = shown;
        }
        return text;
    }
    function drawSeries(chart, s, scale) {
        const weight = kept.smooth || 0;
        s.path.setAttribute('d', line(s.points, chart, scale));
        s.path.classList.toggle('faint', weight > 0 || s.faint);
        if (s.smooth) s.smooth.remove();
        s.smooth = null;
        if (weight > 0 && !s.faint) {
            s.smooth = s.path.cloneNode();
            s.smooth.classList.remove('faint');
            s.smooth.setAttribute('d', line(smoothed(s.points, weight), chart, scale));
            s.g.appendChild(s.smooth);
        }
        const shown = s.points.filter(p => p !== null);
        s.dots.forEach((dot, i) => {
            dot.setAttribute('cy', scale.log && !(shown[i][1] > 0) ? -99 : scale.at(shown[i][1]).toFixed(1));
            dot.style.display = weight > 0 ? 'none' : '';
        });
    }
    function drawChart(chart) {
        for (const side of ['y-axis', 'y2-axis']) {
            const own = chart.series.filter(s => s.side === side);
            const shown = own.filter(s => !kept.hidden.includes(s.label) || !s.label);
            own.forEach(s => { s.g.style.display = shown.includes(s) ? '' : 'none'; });
            const values = shown.flatMap(s => s.points.filter(p => p !== null).map(p => p[1]));
            if (values.length === 0) continue;
            const most = values.reduce((a, b) => Math.max(a, b)), positive = values.filter(v => v > 0);
            let least = values.reduce((a, b) => Math.min(a, b));
            const wanted = kept.scale === 'log' ? positive.length > 1
                : kept.scale !== 'linear' && chart.fits && least > 0 && most / least > 50;
            if (wanted) least = positive.reduce((a, b) => Math.min(a, b));
            const scale = scaleOver(least, most, wanted && most > least, chart.bottom, chart.top);
            drawAxis(chart, side, scale);
            own.forEach(s => { s.scale = scale; drawSeries(chart, s, scale); });
        }
    }
    function drawAll() {
        charts.forEach(drawChart);
        all('.key').forEach(key => {
            const hidden = kept.hidden.includes(key.dataset.label);
            key.classList.toggle('off', hidden);
            key.setAttribute('aria-checked', String(!hidden));
        });
        keep();
    }
    function toggle(label) {
        kept.hidden = kept.hidden.includes(label) ? kept.hidden.filter(l => l !== label) : kept.hidden.concat(label);
        drawAll();
    }
    function pressed(e, act) {
        if (e.key === 'Enter' || e.key === ' ') {
            e.preventDefault();
            act();
        }
    }
    all('.key').forEach(key => {
        key.setAttribute('role', 'checkbox');
        key.setAttribute('tabindex', '0');
        key.setAttribute('aria-label', 'show ' + key.dataset.label);
        key.addEventListener('click', () => toggle(key.dataset.label));
        key.addEventListener('keydown', e => pressed(e, () => toggle(key.dataset.label)));
    });

    /* ---- The cross-hair ---- */

    const tip = document.createElement('div');
    tip.className = 'tip';
    tip.setAttribute('role', 'status');
    tip.hidden = true;
    document.body.appendChild(tip);
    function nearest(points, x) {
        let best = null;
        for (const p of points) if (p !== null && (best === null || Math.abs(p[0] - x) < Math.abs(best[0] - x))) best = p;
        return best;
    }
    function leave(chart) {
        tip.hidden = true;
        if (chart.hair) chart.hair.remove();
        chart.hair = null;
    }
    function show(chart, x) {
        const visible = chart.series.filter(s => s.g.style.display !== 'none' && !(s.faint && s.label === ''));
        const first = visible.map(s => nearest(s.points, x)).filter(p => p !== null);
        if (first.length === 0) return;
        const at = nearest(first, x)[0], seen = [];
        leave(chart);
        chart.hair = element('g', {}, chart.g);
        const px = chart.x.at(at).toFixed(1);
        element('line', { class: 'axis', x1: px, x2: px, y1: chart.bottom, y2: chart.top }, chart.hair);
        tip.textContent = chart.xLabel + ' ' + number(at);
        for (const s of visible) {
            const p = nearest(s.points, at);
            if (p === null || p[0] !== at || seen.includes(s.label)) continue;
            seen.push(s.label);
            const row = document.createElement('div');
            row.textContent = (s.label ? s.label + ' ' : '') + number(p[1]);
            tip.appendChild(row);
        }
        chart.at = at;
        tip.hidden = false;
        const box = chart.svg.getBoundingClientRect(), scale = box.width / chart.svg.viewBox.baseVal.width;
        const left = box.left + chart.x.at(at) * scale, wide = tip.offsetWidth;
        tip.style.left = Math.max(4, left + wide + 24 > innerWidth ? left - wide - 12 : left + 12) + 'px';
        tip.style.top = Math.max(4, box.top + chart.top * scale) + 'px';
    }
    function follow(chart) {
        const box = () => chart.svg.getBoundingClientRect();
        chart.svg.addEventListener('pointermove', e => {
            const b = box(), scale = b.width / chart.svg.viewBox.baseVal.width;
            const x = (e.clientX - b.left) / scale, y = (e.clientY - b.top) / scale;
            if (x < chart.left - 4 || x > chart.right + 4 || y < chart.top - 4 || y > chart.bottom + 4) leave(chart);
            else show(chart, chart.x.from + (chart.x.to - chart.x.from) * (x - chart.left) / (chart.right - chart.left));
        });
        chart.svg.addEventListener('pointerleave', () => leave(chart));
        chart.svg.addEventListener('blur', () => leave(chart));
        chart.svg.setAttribute('tabindex', '0');
        chart.svg.addEventListener('keydown', e => {
            const turn = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
            const xs = chart.series.flatMap(s => s.points.filter(p => p !== null).map(p => p[0])).sort((a, b) => a - b);
            if (turn === 0 || xs.length === 0) return;
            e.preventDefault();
            const at = chart.at === undefined ? -turn * Infinity : chart.at, after = xs.filter(x => turn * (x - at) > 0);
            show(chart, after.length ? after[turn > 0 ? 0 : after.length - 1] : xs[turn > 0 ? xs.length - 1 : 0]);
        });
    }
    charts.forEach(chart => {
        chart.series.forEach(s => { s.faint = s.path.classList.contains('faint'); });
        follow(chart);
    });

    /* ---- Tools ---- */

    all('.tools').forEach(tools => { tools.hidden = false; });
    all('input[name=smooth]').forEach(input => {
        input.value = String(kept.smooth || 0);
        input.addEventListener('input', () => { kept.smooth = +input.value; drawAll(); });
    });
    all('select[name=scale]').forEach(select => {
        select.value = kept.scale || 'auto';
        select.addEventListener('change', () => { kept.scale = select.value; drawAll(); });
    });
    all('button[data-zoom]').forEach(button => {
        const svg = document.querySelector('#model .picture');
        button.addEventListener('click', () => {
            const factor = +button.dataset.zoom, now = svg.getBoundingClientRect().width;
            svg.style.maxWidth = 'none';
            svg.style.width = factor ? now * factor + 'px' : '';
        });
    });

    function sortBy(table, column, heading) {
        const body = table.tBodies[0], down = heading.getAttribute('aria-sort') === 'ascending';
        const value = row => row.cells[column].textContent.trim();
        const compare = (a, b) => {
            const x = parseFloat(value(a)), y = parseFloat(value(b));
            if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1;
            return (down ? -1 : 1) * (isNaN(x) ? value(a).localeCompare(value(b)) : x - y);
        };
        Array.from(body.rows).sort(compare).forEach(row => body.appendChild(row));
        all('th', table.tHead).forEach(th => th.removeAttribute('aria-sort'));
        heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    }
    all('table.sortable').forEach(table => all('th', table.tHead).forEach((th, column) => {
        th.setAttribute('tabindex', '0');
        th.title = 'sort by ' + th.textContent;
        th.addEventListener('click', () => sortBy(table, column, th));
        th.addEventListener('keydown', e => pressed(e, () => sortBy(table, column, th)));
    }));

    if (kept.smooth || kept.scale || kept.hidden.length) drawAll();
    const seconds = +document.body.dataset.again;
    if (seconds > 0) setTimeout(() => location.reload(), 1000 * seconds);
})();
