/* script.js RUN.html RUNS.html: checks what a report's script does with its page, whose numbers
 * test_page_script.c has written. Prints a line for each check that fails, and ends with 1 if any did. */
'use strict';
const fs = require('fs'), { open, SCALE } = require('./dom.js');
let failed = 0;
function check(what, right) {
    if (!right) {
        console.log('failed: ' + what);
        failed = 1;
    }
}
const near = (a, b, slack) => Math.abs(a - b) <= slack;

/* ---- Reading a chart ---- */

const NUMBERS = {
    loss: [1200, 100, 20, 10], validation: [1500, 50, 30, 40], accuracy: [0.1, 0.5, 0.4, 0.9],
    r2: [-0.5, 0, 0.5, 0.9], error: [8, 4, 2, 1],
};
const valueOf = text => (text.endsWith('k') ? 1e3 : text.endsWith('M') ? 1e6 : 1) * parseFloat(text);

/* Returns a function that says what a height in the chart is worth, by its ticks. */
function heights(chart, log) {
    const ticks = chart.querySelector('.y-axis').children.filter(c => c.tag === 'text').map(
        t => ({ value: log ? Math.log10(valueOf(t.textContent)) : valueOf(t.textContent), y: t.attributes.y - 4 }));
    check('an axis has at least two ticks', ticks.length >= 2);
    const first = ticks[0], last = ticks[ticks.length - 1], unit = (last.value - first.value) / (last.y - first.y);
    const worth = y => first.value + unit * (y - first.y);
    for (const t of ticks) check('ticks are on one scale', near(worth(t.y), t.value, 0.2 * Math.abs(unit)));
    return { worth: y => (log ? Math.pow(10, worth(y)) : worth(y)), slack: 0.25 * Math.abs(unit) };
}
const shownAs = path => path.attributes.d.match(/[ML][^ML]*/g).map(p => p.slice(1).replace('h0', '').split(' ').map(Number));
function shows(what, chart, path, want, log) {
    const scale = heights(chart, log), points = shownAs(path);
    check(what + ': ' + want.length + ' points', points.length === want.length);
    const [, , bottom, top] = chart.dataset.box.split(' ').map(Number);
    points.forEach((p, i) => {
        check(what + ': point ' + i + ' is in the chart', p[1] >= top - 0.1 && p[1] <= bottom + 0.1);
        const got = scale.worth(p[1]);
        check(what + ': point ' + i + ' is ' + got + ', not ' + want[i],
            log ? near(Math.log10(got), Math.log10(want[i]), scale.slack) : near(got, want[i], scale.slack));
    });
}
const chartOf = (document, title) => document.querySelectorAll('svg').find(
    s => s.attributes['aria-label'] === title).querySelector('.chart');
const seriesOf = (chart, label) => chart.querySelectorAll('.series').find(s => s.dataset.label === label);
function choose(page, selector, value, kind) {
    const e = page.document.querySelector(selector);
    e.value = value;
    e.send(kind, {});
}

/* ---- Scale and smoothing ---- */

const run = fs.readFileSync(process.argv[2], 'utf8'), runs = fs.readFileSync(process.argv[3], 'utf8');
const kept = {}, page = open(run, kept), loss = chartOf(page.document, 'loss'), accuracy = chartOf(page.document, 'accuracy');
const r2 = chartOf(page.document, 'r2'), error = chartOf(page.document, 'mean_absolute_error');
shows('as it was drawn', loss, seriesOf(loss, 'training').querySelector('path'), NUMBERS.loss, true);
check('the tools are shown', page.document.querySelectorAll('.tools').every(t => t.hidden === false));

choose(page, 'select[name=scale]', 'linear', 'change');
shows('linear', loss, seriesOf(loss, 'training').querySelector('path'), NUMBERS.loss, false);
choose(page, 'select[name=scale]', 'log', 'change');
shows('logarithmic', accuracy, seriesOf(accuracy, 'training').querySelector('path'), NUMBERS.accuracy, true);
shows('without a logarithm', r2, seriesOf(r2, 'training').querySelector('path'), NUMBERS.r2.slice(2), true);
choose(page, 'select[name=scale]', 'auto', 'change');
shows('with a negative number', r2, seriesOf(r2, 'training').querySelector('path'), NUMBERS.r2, false);
shows('not wide enough', error, seriesOf(error, 'training').querySelector('path'), NUMBERS.error, false);
shows('automatic', loss, seriesOf(loss, 'validation').querySelector('path'), NUMBERS.validation, true);
shows('automatic', accuracy, seriesOf(accuracy, 'training').querySelector('path'), NUMBERS.accuracy, false);

/* A point's mean counts each number half as much as the one behind it. */
const means = NUMBERS.accuracy.map((_, i) => {
    let sum = 0, all = 0;
    for (let k = 0; k <= i; k++) {
        sum += NUMBERS.accuracy[k] * Math.pow(0.5, i - k);
        all += Math.pow(0.5, i - k);
    }
    return sum / all;
});
choose(page, 'input[name=smooth]', '0.5', 'input');
const [pale, mean] = seriesOf(accuracy, 'training').querySelectorAll('path');
shows('what was smoothed', accuracy, pale, NUMBERS.accuracy, false);
shows('means', accuracy, mean, means, false);
check('what was smoothed is pale', pale.classList.contains('faint') && !mean.classList.contains('faint'));
check('dots are gone', seriesOf(accuracy, 'training').querySelectorAll('circle').every(c => c.style.display === 'none'));
const again = open(run, kept), kept2 = chartOf(again.document, 'accuracy');
check('a choice outlives a reload', seriesOf(kept2, 'training').querySelectorAll('path').length === 2);
choose(page, 'input[name=smooth]', '0', 'input');
check('no mean is left', seriesOf(accuracy, 'training').querySelectorAll('path').length === 1);
seriesOf(accuracy, 'training').querySelectorAll('circle').forEach((dot, i) => {
    check('a dot is on its line', dot.style.display === '' &&
        near(dot.attributes.cy, shownAs(seriesOf(accuracy, 'training').querySelector('path'))[i][1], 0.01));
});

/* ---- Hiding ---- */

const key = loss.ownerSVGElement.querySelectorAll('.key').find(k => k.dataset.label === 'training');
choose(page, 'select[name=scale]', 'linear', 'change');
key.send('click', {});
check('a hidden line is not shown', seriesOf(loss, 'training').style.display === 'none');
check('the other is', seriesOf(loss, 'validation').style.display === '');
check('its key is off', key.classList.contains('off') && key.attributes['aria-checked'] === 'false');
key.send('keydown', { key: 'Enter' });
check('it comes back', seriesOf(loss, 'training').style.display === '' && !key.classList.contains('off'));
const other = loss.ownerSVGElement.querySelectorAll('.key').find(k => k.dataset.label === 'validation');
other.send('click', {});
const alone = heights(loss, false), [top] = shownAs(seriesOf(loss, 'training').querySelector('path'));
check('the axis fits what is left', near(alone.worth(top[1]), 1200, alone.slack) &&
    near(alone.worth(loss.dataset.box.split(' ')[3]), 1200 + 0.04 * 1190, 5));
other.send('click', {});

/* ---- The cross-hair ---- */

const tip = page.document.querySelector('.tip'), svg = loss.ownerSVGElement;
const dots = shownAs(seriesOf(loss, 'training').querySelector('path'));
const move = (x, y) => svg.send('pointermove', { clientX: 10 + SCALE * x, clientY: 20 + SCALE * y });
const lines = () => [tip.own, ...tip.children.map(c => c.textContent)].join('|');
move(dots[2][0] + 3, dots[2][1]);
check('a point is told: ' + lines(), !tip.hidden && lines() === 'epoch 3|training 20|validation 30');
check('the hair stands there', near(loss.querySelectorAll('line').find(
    l => l.attributes.class === 'axis' && l.attributes.x1 === l.attributes.x2 && l.parent.parent === loss)
    .attributes.x1, dots[2][0], 0.06));
move(dots[3][0] - 3, dots[3][1]);
check('and the last one: ' + lines(), lines() === 'epoch 4|training 10|validation 40');
move(dots[2][0], dots[2][1]);
svg.send('keydown', { key: 'ArrowRight' });
check('the next one is told: ' + lines(), lines() === 'epoch 4|training 10|validation 40');
svg.send('keydown', { key: 'ArrowLeft' });
svg.send('keydown', { key: 'ArrowLeft' });
check('the one before is told: ' + lines(), lines() === 'epoch 2|training 100|validation 50');
svg.send('pointerleave', {});
check('it goes away', tip.hidden === true);
error.ownerSVGElement.send('keydown', { key: 'ArrowRight' });
error.ownerSVGElement.send('keydown', { key: 'ArrowRight' });
check('a number that is missing is left out: ' + lines(), lines() === 'epoch 2|training 4');
const speed = chartOf(page.document, 'images per second, training');
speed.ownerSVGElement.send('keydown', { key: 'ArrowRight' });
check('thousands are short: ' + lines(), lines().endsWith('20k'));
speed.ownerSVGElement.send('keydown', { key: 'ArrowRight' });
check('but not few of them: ' + lines(), lines().endsWith('1500'));

/* ---- The model, and reading anew ---- */

const drawing = page.document.querySelector('#model .picture'), usual = drawing.getBoundingClientRect().width;
const zoom = factor => page.document.querySelector('button[data-zoom=' + factor + ']').send('click', {});
zoom('1.25');
check('the model is larger', near(parseFloat(drawing.style.width), 1.25 * usual, 0.01));
zoom('0.8');
check('and as before', near(parseFloat(drawing.style.width), usual, 0.01));
zoom('0');
check('and fits', drawing.style.width === '');
check('a page of a run that has ended stays', page.timers.length === 0);
const live = open(run.replace('data-again="0"', 'data-again="7"'), {});
check('another reads itself anew', live.timers.length === 1 && live.timers[0].wait === 7000);
live.timers[0].act();
check('once', live.location.reloads === 1);

/* ---- Sorting ---- */

const several = open(runs, {}), table = several.document.querySelector('table.sortable');
const column = name => table.tHead.rows[0].cells.findIndex(c => c.textContent.trim() === name);
const order = () => table.tBodies[0].rows.map(r => r.cells[0].textContent.trim()).join('');
function sorted(name, want) {
    table.tHead.rows[0].cells[column(name)].send('click', {});
    check('sorted by ' + name + ': ' + order(), order() === want);
}
sorted('seed', 'bca');
check('the heading says so', table.tHead.rows[0].cells[column('seed')].attributes['aria-sort'] === 'ascending');
sorted('seed', 'acb');
sorted('val_loss', 'abc'); /* c has none */
check('one heading alone', table.tHead.rows[0].cells[column('seed')].attributes['aria-sort'] === undefined);
sorted('val_loss', 'bac');
sorted('run', 'abc');
sorted('run', 'cba');
process.exit(failed);
