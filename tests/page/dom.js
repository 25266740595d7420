/* dom.js: as much of a browser's document as page.js asks for, so that node can run a report's script:
 * elements with attributes, classes, data, style and listeners; selectors of names, classes, ids and
 * attributes; tables; and a window of a fixed size, in which a picture is shown at twice its size. */
'use strict';
const SCALE = 2;

class Element {
    constructor(tag, namespace) {
        this.tag = tag;
        this.namespaceURI = namespace || '';
        this.attributes = {};
        this.children = [];
        this.parent = null;
        this.style = {};
        this.listeners = {};
        this.own = ''; /* its text, where it has no children */
        this.dataset = new Proxy({}, {
            get: (_, key) => this.attributes['data-' + key.replace(/[A-Z]/g, c => '-' + c.toLowerCase())],
        });
        const names = () => (this.attributes.class || '').split(' ').filter(n => n);
        const set = list => { this.attributes.class = list.join(' '); };
        this.classList = {
            contains: n => names().includes(n),
            remove: n => set(names().filter(m => m !== n)),
            toggle: (n, on) => set(names().filter(m => m !== n).concat(on ? [n] : [])),
        };
    }
    get textContent() { return this.own + this.children.map(c => c.textContent).join(''); }
    set textContent(text) {
        this.children = [];
        this.own = String(text);
    }
    set className(names) { this.attributes.class = names; }
    setAttribute(name, value) { this.attributes[name] = String(value); }
    getAttribute(name) { return name in this.attributes ? this.attributes[name] : null; }
    removeAttribute(name) { delete this.attributes[name]; }
    appendChild(child) {
        child.remove();
        child.parent = this;
        this.children.push(child);
        return child;
    }
    remove() {
        if (this.parent) this.parent.children = this.parent.children.filter(c => c !== this);
        this.parent = null;
    }
    cloneNode() {
        const copy = new Element(this.tag, this.namespaceURI);
        Object.assign(copy.attributes, this.attributes);
        return copy;
    }
    addEventListener(kind, act) { (this.listeners[kind] = this.listeners[kind] || []).push(act); }
    send(kind, event) {
        (this.listeners[kind] || []).forEach(act => act(Object.assign({ preventDefault() {} }, event)));
    }
    get everything() { return this.children.flatMap(c => [c, ...c.everything]); }
    is(simple) {
        const parts = simple.match(/^[a-z0-9]+|[.#][\w-]+|\[[^\]]+\]/gi) || [];
        return parts.every(part => {
            if (part[0] === '.') return this.classList.contains(part.slice(1));
            if (part[0] === '#') return this.attributes.id === part.slice(1);
            if (part[0] !== '[') return this.tag === part;
            const [name, value] = part.slice(1, -1).split('=');
            return name in this.attributes && (value === undefined || this.attributes[name] === value);
        });
    }
    querySelectorAll(selector) {
        return selector.split(' ').reduce(
            (from, simple) => from.flatMap(e => e.everything.filter(c => c.is(simple))), [this]);
    }
    querySelector(selector) { return this.querySelectorAll(selector)[0] || null; }
    above(tag) { return this.tag === tag ? this : this.parent && this.parent.above(tag); }
    get ownerSVGElement() { return this.above('svg'); }
    get viewBox() {
        const [, , width, height] = this.attributes.viewBox.split(' ').map(Number);
        return { baseVal: { width, height } };
    }
    getBoundingClientRect() {
        const set = parseFloat(this.style.width), usual = SCALE * this.viewBox.baseVal.width;
        return { left: 10, top: 20, width: set || usual };
    }
    get offsetWidth() { return 50; }
    get rows() { return this.children.filter(c => c.tag === 'tr'); }
    get cells() { return this.children.filter(c => c.tag === 'th' || c.tag === 'td'); }
    get tHead() { return this.children.find(c => c.tag === 'thead'); }
    get tBodies() { return this.children.filter(c => c.tag === 'tbody'); }
}

const plain = text => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"')
    .replace(/&#39;/g, '\'').replace(/&amp;/g, '&');

/* Reads a page, which is well-formed; returns its document, and the text of its script. */
function read(html) {
    const root = new Element('document'), tags = /<(\/?)([a-zA-Z0-9]+)((?:\s+[\w-]+="[^"]*")*)\s*(\/?)>/g;
    let script = '', at = root, before = 0, tag;
    const page = html.replace(/<script>([^]*?)<\/script>/, (_, text) => {
        script = text;
        return '';
    }).replace(/<style>[^]*?<\/style>/g, '').replace('<!DOCTYPE html>', '');
    while ((tag = tags.exec(page)) !== null) {
        if (at.children.length === 0) at.own += plain(page.slice(before, tag.index));
        before = tags.lastIndex;
        if (tag[1]) {
            at = at.parent;
            continue;
        }
        const e = new Element(tag[2], at.namespaceURI || (tag[2] === 'svg' ? 'svg' : ''));
        for (const [, name, value] of tag[3].matchAll(/([\w-]+)="([^"]*)"/g)) e.attributes[name] = plain(value);
        at.appendChild(e);
        if (!tag[4]) at = e;
    }
    root.createElementNS = (namespace, name) => new Element(name, namespace);
    root.createElement = name => new Element(name);
    root.body = root.querySelector('body');
    return { document: root, script };
}

/* Opens a page and runs its script; kept: what the session has stored, by address. */
function open(html, kept) {
    const { document, script } = read(html), timers = [];
    const storage = { getItem: key => (key in kept ? kept[key] : null), setItem: (key, text) => { kept[key] = text; } };
    const location = { pathname: '/page.html', reloads: 0, reload() { this.reloads++; } };
    const later = (act, wait) => timers.push({ act, wait });
    new Function('document', 'sessionStorage', 'location', 'innerWidth', 'setTimeout', script)(
        document, storage, location, 1200, later);
    return { document, location, timers };
}

module.exports = { open, SCALE };
