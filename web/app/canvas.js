// The drawing itself: nodes and links as SVG at the places that the server found, moved and zoomed, walked by keys.
// Names only ever become text nodes.

import { svg } from './dom.js';
import { order, word } from './states.js';
import { neighbours, next, reach } from './walk.js';
import { capital, count } from './words.js';

const least = 0.08, most = 2.5;
/** The scale below which names are too small to read: a telephone is held closer, and is smaller. */
const readable = w => w < 640 ? 0.7 : 0.6;
/** Below this a node is a sign without words. */
const far = 0.45;
/** A drawing of areas is first shown whole down to this scale: its signs can still be told apart. */
const overview = 0.2;
/** Room around the drawing; little where there is little. */
const margin = w => w < 640 ? 12 : 28;

export class Canvas {
  /** @param heard {choose(node), open(node), close(node), leave()} */
  constructor(heard) {
    this.heard = heard;
    this.areas = svg('g', { class: 'areas', 'aria-hidden': 'true' });
    this.lines = svg('g', { class: 'lines' });
    this.echoes = svg('g', { class: 'echoes', 'aria-hidden': 'true' });
    this.boxes = svg('g', { class: 'boxes' });
    this.world = svg('g', {}, this.areas, this.lines, this.echoes, this.boxes);
    this.element = svg('svg', { class: 'canvas', role: 'group', 'aria-label': 'Graph. Arrow keys go along the links, Enter chooses, a second Enter opens.' }, this.world);
    this.view = { x: 0, y: 0, k: 1 };
    this.drawn = new Map();
    this.nodes = new Map();
    this.links = new Map();
    this.listen();
  }

  /** Draws an answer. What is there already stays where it is on the screen. */
  update(answer, { fresh }) {
    const anchor = this.chosen ?? this.current;
    const before = anchor && this.nodes.get(anchor)?.box && this.place(this.nodes.get(anchor));
    const known = this.nodes;
    this.answer = answer;
    this.nodes = new Map(answer.nodes.map(node => [node.id, node]));
    this.links = neighbours(answer.edges);
    for (const [id, box] of this.drawn) if (!this.nodes.has(id)) { box.remove(); this.drawn.delete(id); }
    answer.nodes.forEach((node, i) => {
      let box = this.drawn.get(node.id);
      if (!box) { box = svg('g', { class: 'node', role: 'button', tabindex: -1, 'data-id': node.id }); this.drawn.set(node.id, box); }
      if (this.boxes.children[i] !== box) this.boxes.insertBefore(box, this.boxes.children[i] ?? null);
      this.fill(box, node);
    });
    this.drawEchoes(answer);
    this.drawAreas(answer.areas ?? []);
    this.drawLines(answer);
    if (!this.nodes.has(this.current)) this.rove(answer.nodes[0]?.id);
    this.light();
    const isNew = fresh || !known.size;
    if (isNew) { this.moved = false; return this.fit(); }
    const now = before && this.nodes.get(anchor)?.box && this.place(this.nodes.get(anchor));
    if (now) { this.view.x += before.x - now.x; this.view.y += before.y - now.y; this.apply(); return; }
    // The node that was opened is gone; its parts take its place.
    const parts = answer.nodes.filter(node => !known.has(node.id) && node.box);
    if (parts.length) this.show(parts);
  }

  /** Nodes that are drawn once more beside what they are linked to; they stand for the node itself. */
  drawEchoes(answer) {
    let i = 0;
    for (const node of answer.nodes) for (const place of node.echoes ?? []) {
      const box = this.echoes.children[i++] ?? this.echoes.appendChild(svg('g', { class: 'echo' }));
      box.dataset.id = node.id;
      box.area = this.areaAt(place.x, place.y);
      this.fill(box, { ...node, box: place, opens: false });
    }
    while (this.echoes.children.length > i) this.echoes.lastChild.remove();
  }

  drawAreas(areas) {
    const key = JSON.stringify(areas);
    if (this.areas.key === key) return;
    this.areas.key = key;
    this.areas.replaceChildren(...areas.map(({ title, x, y, width, height }) => {
      const text = svg('text', { x: 18, y: 34, 'dominant-baseline': 'central' }, title);
      // No wider than its area, however far away one is.
      text.style.setProperty('--most', `${13 * (width - 36) / Math.max(1, measure(title, 'title'))}px`);
      return svg('g', { transform: `translate(${x} ${y})` }, svg('rect', { width, height, rx: 12 }), text);
    }));
  }

  areaAt(x, y) {
    return this.answer.areas?.findIndex(a => x >= a.x && x <= a.x + a.width && y >= a.y && y <= a.y + a.height) ?? -1;
  }

  fill(box, node) {
    const key = JSON.stringify([node.box, node.title, node.detail, node.states, node.products, node.opens, node.reasons]);
    if (box.key === key) return;
    box.key = key;
    const { width: w, height: h, x, y } = node.box;
    box.setAttribute('transform', `translate(${x - w / 2} ${y - h / 2})`);
    box.setAttribute('aria-label', said(node));
    const many = node.products > 1, state = worst(node);
    box.dataset.state = state;
    box.style.setProperty('--middle', `${w / 2 - (w > 160 ? 20 : 18)}px`);
    const children = [svg('title', {}, [said(node), ...node.reasons.map(r => `${r.text}${many && r.products > 1 ? ` (${r.products})` : ''}`)].join('\n'))];
    if (node.opens) children.push(svg('rect', { class: 'behind', x: 5, y: 5, width: w - 10, height: h, rx: 6 }));
    children.push(svg('rect', { class: 'box', width: w, height: h, rx: 6 }));
    const mark = svg('g', { class: 'worst', transform: `translate(${w > 160 ? 20 : 18} ${h / 2})` }, sign(state));
    children.push(mark);
    const left = w > 160 ? 38 : 34, room = w - left - (node.opens ? 28 : 10);
    children.push(svg('text', { class: 'title', x: left, y: 20 }, fit(node.title, room, 'title')));
    const [one, ...others] = Object.entries(node.states);
    if (many && one && !others.length) {
      const text = `${place(node)}${one[1].toLocaleString('en')} ${word(one[0], one[1])}`;
      children.push(svg('text', { class: 'detail', x: left, y: 38 }, fit(text, room, 'detail')));
    } else if (many) {
      let at = left;
      if (place(node)) {
        children.push(svg('text', { class: 'detail', x: at, y: 38 }, place(node)));
        at += measure(place(node), 'detail');
      }
      const states = order.filter(s => node.states[s]), shown = states.slice(0, states.length > 3 ? 2 : 3);
      for (const s of shown) {
        children.push(svg('g', { transform: `translate(${at + 5} 34) scale(.8)` }, sign(s)));
        const text = node.states[s].toLocaleString('en');
        children.push(svg('text', { class: 'figure', x: at + 14, y: 38 }, text));
        at += 14 + measure(text, 'detail') + 12;
      }
      if (shown.length < states.length) children.push(svg('text', { class: 'detail', x: at, y: 38 }, `+${states.length - shown.length}`));
    } else children.push(svg('text', { class: 'detail', x: left, y: 38 }, fit(node.detail || capital(word(state)), w - left - 10, 'detail')));
    if (node.opens) children.push(svg('g', { class: 'opener', transform: `translate(${w - 20} ${h / 2})` },
      svg('rect', { x: -16, y: -20, width: 32, height: 40, rx: 5 }), svg('path', { d: 'M-4 0h8M0 -4v8' })));
    box.replaceChildren(...children);
  }

  drawLines(answer) {
    this.lines.replaceChildren(...answer.edges.filter(e => e.curve).map(e => {
      const [x, y, ...rest] = e.curve.points, [tx, ty] = e.curve.tip, [bx, by] = e.curve.points.slice(-2);
      const d = [`M${x} ${y}`];
      for (let i = 0; i + 5 < rest.length; i += 6) d.push(`C${rest.slice(i, i + 6).join(' ')}`);
      const angle = Math.atan2(ty - by, tx - bx) * 180 / Math.PI;
      const line = svg('g', { class: `link ${policy(e.link)}` }, svg('path', { d: d.join('') }),
        svg('path', { class: 'tip', d: 'M0 0L-8 -3.4V3.4Z', transform: `translate(${tx} ${ty}) rotate(${angle})` }));
      line.from = e.from; line.to = e.to; line.area = this.areaAt(x, y);
      return line;
    }));
  }

  // What is lit

  /** The chosen node; its upstream and downstream stay lit. */
  choose(id) {
    if (this.chosen === id) return;
    this.chosen = id;
    this.light();
  }

  /** `ids` that a search or a state picks out; null for none. */
  pick(ids) { this.picked = ids; this.light(); }

  light() {
    const at = this.hovered ?? this.chosen, known = at && this.nodes.has(at) ? at : null;
    const up = known ? reach(this.links, known, 'from') : new Set(), down = known ? reach(this.links, known, 'to') : new Set();
    // What is picked out and what is linked can both be asked for, and then both are lit; a node under the pointer says most.
    const bright = known ? new Set([known, ...up, ...down]) : null;
    const shown = this.hovered || !this.picked ? bright : bright ? new Set([...bright, ...this.picked]) : this.picked;
    this.element.classList.toggle('lighting', Boolean(shown));
    for (const [id, box] of this.drawn) {
      box.classList.toggle('lit', Boolean(shown?.has(id)));
      box.classList.toggle('chosen', id === this.chosen);
      box.classList.toggle('picked', Boolean(this.picked?.has(id)));
      if (id === this.chosen) box.setAttribute('aria-current', 'true'); else box.removeAttribute('aria-current');
    }
    const above = new Set([...up, known]), below = new Set([...down, known]);
    const touched = new Set();
    for (const line of this.lines.children) {
      const isLit = Boolean(known) && (above.has(line.from) && above.has(line.to) || below.has(line.from) && below.has(line.to));
      line.classList.toggle('lit', isLit);
      if (isLit) { touched.add(`${line.area} ${line.from}`); touched.add(`${line.area} ${line.to}`); }
    }
    // Of what is drawn in many places only those are lit that a lit link leads to.
    for (const box of this.echoes.children) {
      const { id } = box.dataset;
      box.classList.toggle('lit', Boolean(shown?.has(id)) && (id === known || touched.has(`${box.area} ${id}`)));
      box.classList.toggle('chosen', id === this.chosen);
    }
  }

  // Where one looks

  get size() { return { w: this.element.clientWidth || 800, h: this.element.clientHeight || 600 }; }
  place(node) { return { x: node.box.x * this.view.k + this.view.x, y: node.box.y * this.view.k + this.view.y }; }
  apply() {
    const { x, y, k } = this.view;
    this.world.setAttribute('transform', `translate(${x} ${y}) scale(${k})`);
    this.element.classList.toggle('far', k < far);
    const { width = 0, height = 0 } = this.answer?.size ?? {}, { w, h } = this.size;
    for (const [side, isBeyond] of [['left', x < -2], ['right', x + width * k > w + 2], ['up', y < -2], ['down', y + height * k > h + 2]])
      this.element.classList.toggle(`more-${side}`, isBeyond);
    // A pixel of the screen, for what keeps its size.
    this.world.style.setProperty('--unit', `${1 / k}px`);
  }

  /** All of it; where that would be too small to read, its beginning. */
  fit(whole = false) {
    this.moved = whole;
    const { width, height } = this.answer?.size ?? {}, { w, h } = this.size, edge = margin(w);
    if (!width) return;
    const all = Math.min(1.15, (w - 2 * edge) / width, (h - 2 * edge) / height);
    // Names can still be told at this scale, and all of it says more than a part.
    const isOverview = whole || all >= (this.answer.areas ? overview : 0.5), k = Math.max(isOverview ? least : readable(w), all);
    this.view = { k, x: width * k <= w - 2 * edge ? (w - width * k) / 2 : edge, y: height * k <= h - 2 * edge ? (h - height * k) / 2 : edge };
    this.apply();
  }

  /** After the room changed: all of it again, unless somebody looks at a place of their own choice. */
  settle() {
    if (!this.answer?.size) return;
    if (!this.moved) this.fit();
    this.reveal(this.chosen);
  }

  /** Brings nodes into view, all of them where they fit. */
  show(nodes) {
    const left = Math.min(...nodes.map(n => n.box.x - n.box.width / 2)), right = Math.max(...nodes.map(n => n.box.x + n.box.width / 2));
    const top = Math.min(...nodes.map(n => n.box.y - n.box.height / 2)), bottom = Math.max(...nodes.map(n => n.box.y + n.box.height / 2));
    const { w, h } = this.size, edge = margin(w);
    const k = Math.max(readable(w), Math.min(this.view.k, (w - 2 * edge) / (right - left), (h - 2 * edge) / (bottom - top)));
    this.moved = true;
    const fits = (bottom - top) * k <= h - 2 * edge;
    this.view = { k, x: w / 2 - (left + right) / 2 * k, y: fits ? h / 2 - (top + bottom) / 2 * k : edge - top * k };
    this.apply();
  }

  /** Moves as little as needed for a node to be seen whole. */
  reveal(id) {
    const node = this.nodes.get(id);
    if (!node?.box) return;
    const { x, y } = this.place(node), { w, h } = this.size, { k } = this.view, edge = margin(w);
    const dx = node.box.width * k / 2 + edge, dy = node.box.height * k / 2 + edge;
    this.view.x += Math.max(0, dx - x) - Math.max(0, x + dx - w);
    this.view.y += Math.max(0, dy - y) - Math.max(0, y + dy - h);
    this.apply();
  }

  zoom(factor, at = { x: this.size.w / 2, y: this.size.h / 2 }) {
    this.moved = true;
    const k = Math.min(most, Math.max(least, this.view.k * factor)), by = k / this.view.k;
    this.view = { k, x: at.x - (at.x - this.view.x) * by, y: at.y - (at.y - this.view.y) * by };
    this.apply();
  }

  // Pointers and keys

  listen() {
    const canvas = this.element, fingers = new Map();
    const nodeAt = event => event.target.closest?.('.node, .echo')?.dataset.id ?? null;
    const point = event => { const box = canvas.getBoundingClientRect(); return { x: event.clientX - box.x, y: event.clientY - box.y }; };
    let moved = 0;
    canvas.addEventListener('pointerdown', event => {
      if (event.button > 0) return;
      if (!fingers.size) moved = 0;
      fingers.set(event.pointerId, point(event));
    });
    canvas.addEventListener('pointermove', event => {
      const before = fingers.get(event.pointerId);
      if (!before) { if (event.pointerType === 'mouse') this.hover(nodeAt(event)); return; }
      const now = point(event), others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, p]) => p);
      if (others.length) {
        const [other] = others, far = p => Math.hypot(p.x - other.x, p.y - other.y);
        this.zoom(far(now) / Math.max(1, far(before)), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      }
      moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
      // A hand that shakes still clicks.
      if (moved < 5) return;
      if (!canvas.classList.contains('moving')) { canvas.classList.add('moving'); canvas.setPointerCapture?.(event.pointerId); this.hover(null); }
      const share = others.length ? 0.5 : 1;
      this.moved = true;
      this.view.x += (now.x - before.x) * share; this.view.y += (now.y - before.y) * share;
      fingers.set(event.pointerId, now);
      this.apply();
    });
    const up = event => { fingers.delete(event.pointerId); if (!fingers.size) canvas.classList.remove('moving'); };
    canvas.addEventListener('pointerup', up);
    canvas.addEventListener('pointercancel', up);
    canvas.addEventListener('pointerleave', () => this.hover(null));
    canvas.addEventListener('click', event => {
      if (moved >= 5) return;
      const node = this.nodes.get(nodeAt(event));
      if (!node) return this.heard.leave();
      this.rove(node.id);
      if (event.target.closest('.opener')) this.heard.open(node); else this.heard.choose(node);
    });
    canvas.addEventListener('dblclick', event => {
      const node = this.nodes.get(nodeAt(event));
      if (node?.opens) this.heard.open(node);
    });
    canvas.addEventListener('wheel', event => {
      event.preventDefault();
      if (event.shiftKey) { this.view.x -= event.deltaY || event.deltaX; return this.apply(); }
      const lines = event.deltaMode === 1 ? 16 : 1;
      this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), point(event));
    }, { passive: false });
    canvas.addEventListener('focusin', event => { const id = nodeAt(event); if (id) this.rove(id); });
    canvas.addEventListener('keydown', event => this.key(event, nodeAt(event)));
  }

  hover(id) {
    if (this.hovered === id) return;
    this.hovered = id;
    this.light();
  }

  /** One node at a time can be reached by Tab. */
  rove(id) {
    this.drawn.get(this.current)?.setAttribute('tabindex', -1);
    this.current = id;
    this.drawn.get(id)?.setAttribute('tabindex', 0);
  }

  focus(id) {
    this.rove(id);
    this.reveal(id);
    this.drawn.get(id)?.focus({ preventScroll: true });
  }

  key(event, id) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const node = this.nodes.get(id ?? this.current), done = () => event.preventDefault();
    if (event.key === '+' || event.key === '=') { done(); this.zoom(1.25); }
    else if (event.key === '-') { done(); this.zoom(0.8); }
    else if (event.key === '0') { done(); this.fit(true); }
    else if (!node) return;
    else if (event.key.startsWith('Arrow')) {
      done();
      const to = next(event.key, node, this.nodes, this.links, this.answer.direction, this.trail);
      if (!to) return;
      this.trail = node.id;
      this.focus(to.id);
    } else if (event.key === 'Enter' || event.key === ' ') {
      done();
      if (node.opens && node.id === this.chosen) this.heard.open(node); else this.heard.choose(node);
    } else if (event.key === 'Backspace' && node.within) { done(); this.heard.close(node); }
  }
}

/** What a person should look at first. */
export const worst = node => order.find(state => node.states[state]) ?? 'unknown';
/** Which part of a step or of sources it is. */
const place = node => node.folder && node.kind !== 'folder' ? `${node.folder} · ` : '';
const policy = link => ['reference', 'association'].includes(link) ? link : 'dependency';

/** A node in words, for those who hear it and under the pointer. */
export function said(node) {
  const name = [node.title, node.detail].filter(Boolean).join(', ');
  if (node.products === 1) return `${name}: ${word(worst(node))}`;
  return `${name}: ${count(node.products, 'product')}, ${order.filter(s => node.states[s]).map(s => `${node.states[s]} ${word(s, node.states[s])}`).join(', ')}`;
}

/** The shape of a state, around 0 0; the same shapes as in the rest of the page. */
function sign(state) {
  const ring = { class: 'ring', r: 5 };
  const of = {
    current: () => [svg('circle', ring), svg('circle', { class: 'fill', r: 2 })],
    stale: () => [svg('circle', ring), svg('path', { class: 'fill', d: 'M0 -5A5 5 0 0 0 0 5Z' })],
    running: () => [svg('circle', { ...ring, 'stroke-dasharray': '23 8.4' })],
    queued: () => [svg('circle', { ...ring, 'stroke-dasharray': '1.5 2.4' })],
    failed: () => [svg('rect', { class: 'fill', x: -6, y: -6, width: 12, height: 12, rx: 2 })],
    dubious: () => [svg('rect', { class: 'ring', x: -4.2, y: -4.2, width: 8.4, height: 8.4, rx: 1, transform: 'rotate(45)' })],
    missing: () => [svg('circle', { ...ring, 'stroke-dasharray': '3.2 2' })],
  }[state];
  return svg('g', { class: `sign ${state}` }, of ? of() : svg('text', { y: 5, 'text-anchor': 'middle' }, '?'));
}

// How wide a text will be, so that it ends with an ellipsis where it would leave its box.
const fonts = { title: '560 13px', detail: '12px' }, widths = new Map();
let pen = null;
function measure(text, kind) {
  const key = `${kind} ${text}`;
  if (!widths.has(key)) {
    pen ??= document.createElement('canvas').getContext('2d');
    pen.font = `${fonts[kind]} ${getComputedStyle(document.documentElement).fontFamily}`;
    if (widths.size > 20000) widths.clear();
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}
function fit(text, room, kind) {
  if (measure(text, kind) <= room) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(text.slice(0, middle) + '…', kind) <= room) low = middle; else high = middle - 1;
  }
  // The end of a path says more than its beginning.
  return kind === 'detail' && text.includes('/') && !text.includes(' ') ? `…${text.slice(text.length - low)}` : `${text.slice(0, low)}…`;
}
