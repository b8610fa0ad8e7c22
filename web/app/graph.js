// The graph of a project: what is made from what, gathered by step or folder, with the state of everything in it.

import { api } from './api.js';
import { Canvas, said, worst } from './canvas.js';
import { button, h, paint } from './dom.js';
import { failure, productOf, sentence } from './nouns.js';
import { go, read } from './route.js';
import { order, shape, word } from './states.js';
import { store } from './store.js';
import { trouble, calm } from './trouble.js';
import { findIn, holds } from './walk.js';
import { capital, count } from './words.js';

const ways = [['step', 'Steps'], ['folder', 'Folders'], ['none', 'Everything']];
const policies = [['dependency', 'makes out of date'], ['reference', 'passes on'], ['association', 'changes nothing']];

export class Graph {
  /** `ask(node)`: draws the panel beside the page anew. */
  constructor() {
    this.canvas = new Canvas({ choose: node => this.choose(node), open: node => this.open(node),
      close: node => this.close(node.within), leave: () => go({ at: null, node: null }) });
    this.ways = h('div.ways', { role: 'group', 'aria-label': 'Gathered by' });
    this.search = h('input', { id: 'graph-search', type: 'search', placeholder: 'Find in the graph', 'aria-label': 'Find in the graph',
      'aria-keyshortcuts': '/', autocomplete: 'off', spellcheck: 'false', oninput: () => { this.at = -1; this.pick(); }, onkeydown: event => this.searchKey(event) });
    this.found = h('span.found', { role: 'status' });
    this.states = h('div.filters', { role: 'group', 'aria-label': 'Light only' });
    this.opened = h('div.opened');
    this.notes = h('div.graph-notes');
    this.legend = h('div.legend', { 'aria-hidden': 'true' });
    this.zooms = h('div.zooms', { role: 'group', 'aria-label': 'Zoom' },
      h('button', { type: 'button', 'aria-label': 'Smaller', title: 'Smaller (-)', onclick: () => this.canvas.zoom(0.8) }, '−'),
      h('button', { type: 'button', 'aria-label': 'Larger', title: 'Larger (+)', onclick: () => this.canvas.zoom(1.25) }, '+'),
      h('button', { type: 'button', title: 'All of it (0)', onclick: () => this.canvas.fit(true) }, 'Fit'));
    this.stage = h('div.graph-stage', this.canvas.element, this.zooms);
    this.list = h('div.graph-list');
    this.element = h('section.graph', { 'aria-label': 'Graph' },
      h('div.graph-tools', this.ways, h('label.graph-search', this.search, this.found, h('kbd', '/')), this.states, this.opened), this.notes, this.stage, this.list, this.legend);
    new ResizeObserver(() => this.resized()).observe(this.stage);
  }

  get route() {
    const { collapse, open } = read();
    return { collapse: ways.some(([way]) => way === collapse) ? collapse : 'step', open: open ? open.split(',') : [] };
  }

  draw = parts => {
    const { collapse, open } = this.route;
    this.direction = innerWidth < 0.8 * innerHeight ? 'down' : 'right';
    const key = JSON.stringify([store.project, collapse, open, this.direction]), kind = JSON.stringify([store.project, collapse, this.direction]);
    if (this.key !== key) {
      if (this.kind !== kind) this.fresh = true;
      Object.assign(this, { key, kind, ready: this.load() });
    } else if (['all', 'status', 'pipeline', 'folders'].some(part => parts?.has(part))) this.load();
    this.show();
  };

  /** One question at a time; what changed meanwhile is asked right after. */
  async load() {
    if (this.loading) { this.again = true; return; }
    this.loading = true;
    do {
      this.again = false;
      const key = this.key ?? JSON.stringify([store.project, this.route.collapse, this.route.open, this.direction]);
      const [project, collapse, open, direction] = JSON.parse(key);
      try {
        const answer = await api.graph(project, { collapse, open, direction });
        calm('graph');
        if (this.key === key) { this.answer = answer; this.drawAnswer(); } else this.again = true;
      } catch (error) {
        if (this.key === key && !(error.status === 404 && !store.products.size)) trouble(error, { key: 'graph' });
      }
    } while (this.again);
    this.loading = false;
  }

  drawAnswer() {
    const { answer } = this, places = Boolean(answer.size);
    this.stage.hidden = !places;
    const { fresh } = this;
    if (places) { this.canvas.update(answer, { fresh }); this.fresh = false; }
    this.show();
    if (places && fresh) this.canvas.reveal(this.canvas.chosen);
    this.heardAnswer?.();
  }

  /** What the address and the answer say; nothing here asks the server. */
  show() {
    const { answer } = this, { collapse, open } = this.route, nodes = answer?.nodes ?? [];
    paint(this.ways, [collapse, answer?.collapse], () => ways.map(([way, text]) => h('button', { type: 'button', 'data-key': way,
      'aria-pressed': String((answer?.collapse ?? collapse) === way), onclick: () => go({ collapse: way === 'step' ? null : way, open: null, node: null }) }, text)));
    const tally = new Map();
    for (const node of nodes) for (const [state, n] of Object.entries(node.states)) tally.set(state, (tally.get(state) ?? 0) + n);
    if (this.only && !tally.has(this.only)) this.only = null;
    paint(this.states, [this.only, [...tally]], () => order.filter(state => tally.has(state)).map(state => h('button', { type: 'button',
      'aria-pressed': String(this.only === state), 'data-key': state, onclick: () => { this.only = this.only === state ? null : state; this.show(); } },
      shape(state, { silent: true }), capital(word(state)), ' ', h('b', tally.get(state).toLocaleString('en')))));
    paint(this.opened, open, () => open.length > 0 && [h('span.dim', 'Opened'), open.map(id => h('button', { type: 'button', 'data-key': id,
      title: 'Close it', 'aria-label': `Close ${nameOf(id)}`, onclick: () => this.close(id) }, nameOf(id), h('span', '×')))]);
    paint(this.notes, [answer?.notes, nodes.length], () => [...(answer?.notes ?? []).map(note => h('p', capital(note), '.')),
      answer && !nodes.length && h('p', 'There is nothing to draw yet.')]);
    const kinds = new Set(answer?.edges.map(e => e.link));
    // One kind of link needs no explanation.
    paint(this.legend, [...kinds], () => kinds.size > 1 && policies.filter(([link]) => kinds.has(link)).map(([link, text]) =>
      h('span', h('i', { class: link }), h('b', link), ` ${text}`)));
    this.drawList();
    this.canvas.choose(this.node()?.id ?? null);
    this.pick();
  }

  /** The node that the address means: named itself, or by a product that it draws. */
  node() {
    const { node, at } = read(), nodes = this.answer?.nodes ?? [];
    if (node) return nodes.find(n => n.id === node) ?? null;
    if (!at) return null;
    return nodes.find(n => n.refs.length === 1 && n.refs[0] === at) ?? nodes.find(n => holds(n, store.products.get(at) ?? { ref: at }));
  }

  /** The chosen node where it has more than one product; those with one are products. */
  group() { return read().node ? this.node() : null; }

  choose(node) {
    if (node.refs.length === 1 && !node.opens) go({ at: node.refs[0], node: null }); else go({ node: node.id, at: null });
  }

  open(node) {
    if (node.opens) go({ open: [...this.route.open, node.id].join(','), node: null, at: null });
  }

  /** With all that was opened inside of it. */
  close(id) {
    const left = this.route.open.filter(other => other !== id && !other.startsWith(id + '/'));
    go({ open: left.join(',') || null, node: null });
  }

  resized() {
    if (!this.answer || read().view !== 'graph' || !this.stage.clientWidth) return;
    if ((innerWidth < 0.8 * innerHeight) === (this.direction === 'down')) this.canvas.settle(); else this.draw();
  }

  // Search

  pick() {
    const nodes = this.answer?.nodes ?? [], query = this.search.value.trim();
    let found = null;
    if (query) {
      this.matches = findIn(nodes, store.products.values(), query);
      found = new Set(this.matches.keys());
      const n = [...this.matches.values()].reduce((sum, n) => sum + n, 0);
      this.found.textContent = found.size ? count(Math.max(n, found.size), n >= found.size ? 'product' : 'node') : 'nothing';
    } else { this.matches = null; this.found.textContent = ''; }
    if (this.only) {
      const of = nodes.filter(node => node.states[this.only]).map(node => node.id);
      found = new Set(found ? of.filter(id => found.has(id)) : of);
    }
    this.canvas.pick(found);
  }

  searchKey(event) {
    if (event.key === 'Escape') {
      event.preventDefault(); event.stopPropagation();
      if (!this.search.value) return this.canvas.focus(this.canvas.current);
      this.search.value = '';
      this.pick();
    } else if (event.key === 'Enter' || event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const ids = [...this.matches?.keys() ?? []];
      if (!ids.length) return;
      const back = event.shiftKey || event.key === 'ArrowUp';
      this.at = ((this.at ?? -1) + (back ? -1 : 1) + ids.length + (back && this.at < 0 ? 1 : 0)) % ids.length;
      const node = this.canvas.nodes.get(ids[this.at]);
      if (!node) return;
      this.canvas.rove(node.id);
      this.canvas.reveal(node.id);
      this.choose(node);
    }
  }

  findHere() { this.search.focus(); this.search.select(); }

  // Without places

  /** Where nothing could be laid out: why, and the same as a list. */
  drawList() {
    const { answer } = this, isList = answer && !answer.size && answer.nodes.length > 0;
    this.list.hidden = !isList;
    if (!isList) return;
    paint(this.list, [answer.problem, answer.nodes, answer.edges, read().at, read().node], () => {
      const titles = new Map(answer.nodes.map(node => [node.id, node]));
      return [answer.problem && failure(answer.problem), h('ul', answer.nodes.map(node => h('li', shape(worst(node)),
        h('button.quiet', { type: 'button', 'data-key': node.id, title: said(node), onclick: () => this.choose(node) }, h('b', node.title), ' ', h('span.dim', node.detail)),
        node.opens && button('Open', () => this.open(node), 'small'),
        from(node, answer.edges, titles))))];
    });
  }
}

function from(node, edges, titles) {
  const all = edges.filter(e => e.to === node.id).map(e => titles.get(e.from)).filter(Boolean);
  const names = all.slice(0, 4).map(n => n.kind === 'source' ? `${n.detail ? n.detail + '/' : ''}${n.title}` : n.title);
  return all.length > 0 && h('span.dim', `from ${names.join(', ')}${all.length > 4 ? ` and ${all.length - 4} more` : ''}`);
}

const heads = { missing: 'Not there because', dubious: 'In doubt because', unknown: 'In doubt because' };
const nameOf = id => id.replace(/^[a-z]+:/, '').replace('/', ' · ');

/** The panel of a node that stands for many: how they are, why, and the way to each. */
export class Group {
  constructor(graph) {
    this.graph = graph;
    this.element = h('div.detail');
  }

  draw(node) {
    const { answer } = this.graph, names = new Map(answer?.nodes.map(n => [n.id, n]));
    const from = answer?.edges.filter(e => e.to === node.id) ?? [], to = answer?.edges.filter(e => e.from === node.id) ?? [];
    paint(this.element, [node, from.map(e => [e.from, names.get(e.from)?.states]), to.map(e => [e.to, names.get(e.to)?.states]), this.listed(node)], () => [
      h('div', h('div.crumbs', h('span', { steps: 'Sources', sources: 'Sources', step: 'Step', folder: 'Folder' }[node.kind] ?? 'Step'),
        h('button.quiet.close', { type: 'button', 'aria-label': 'Close', title: 'Close (Esc)', onclick: () => go({ node: null, at: null }) }, '×')),
        h('h2', shape(worst(node), { silent: true }), h('span', node.title)),
        h('p.dim', [node.detail.replace(/^\d+/, n => (+n).toLocaleString('en')), count(node.products, 'product')].filter(Boolean).join(' · '))),
      h('div', h('ul.plain.links', order.filter(s => node.states[s]).map(s => h('li', shape(s, { silent: true }), h('b', node.states[s].toLocaleString('en')), h('span', word(s, node.states[s])))))),
      h('div', h('div.acts', node.opens && button('Show its parts', () => this.graph.open(node), 'go'), runnable(node) && button('See what runs',
        () => go({ view: 'plans', id: null, select: runnable(node), at: null, node: null })))),
      node.reasons.length > 0 && h('div', h('h3', heads[worst(node)] ?? 'Out of date because'), h('ol.plain', node.reasons.map(r => h('li',
        sentence(r.text, store.project, store.products), node.products > 1 && h('small', ` ${count(r.products, 'product')}`))))),
      this.ends('Made from', from, e => names.get(e.from)), this.ends('Used by', to, e => names.get(e.to)),
      this.products(node)]);
  }

  ends(title, edges, other) {
    const linked = edges.map(e => ({ e, node: other(e) })).filter(x => x.node);
    return linked.length > 0 && h('div', h('h3', title), h('ul.plain.links', linked.slice(0, 20).map(({ e, node }) => h('li', shape(worst(node)),
      h('button.quiet.link', { type: 'button', 'data-key': `${title} ${node.id}`, onclick: () => { this.graph.choose(node); this.graph.canvas.focus(node.id); } },
        node.kind === 'source' && node.detail ? `${node.detail}/${node.title}` : node.title),
      e.link !== 'dependency' && h('small', e.link), node.products > 1 && h('small', count(node.products, 'product')))),
      linked.length > 20 && h('li.dim', `and ${linked.length - 20} more`)));
  }

  /** Those first that are not as they should be. */
  listed(node) {
    const known = [...store.products.values()].filter(p => holds(node, p));
    const all = known.length ? known : node.refs.map(ref => ({ ref, state: null }));
    return all.map(p => [p.ref, p.state]).sort((a, b) => order.indexOf(a[1]) - order.indexOf(b[1]) || a[0].localeCompare(b[0], 'en', { numeric: true })).slice(0, 40);
  }

  products(node) {
    const listed = this.listed(node);
    return h('div', h('h3', 'Products'), h('ul.plain.links', listed.map(([ref, state]) => h('li', state && shape(state),
      h('button.quiet.link', { type: 'button', 'data-key': ref, onclick: () => go({ at: ref, node: null }) },
        node.kind === 'step' && productOf(ref) !== node.title ? ref.split('/').slice(1).join('/') : ref.split('/').slice(1, -1).join('/') || productOf(ref)))),
      node.products > listed.length && h('li.dim', `and ${(node.products - listed.length).toLocaleString('en')} more`)));
  }
}

/** What `--select` calls it, where it has a name and something to do. */
function runnable(node) {
  if (!['stale', 'missing', 'failed'].some(state => node.states[state])) return null;
  if (node.kind === 'step' && !node.folder) return `step:${node.step}`;
  if (node.kind === 'folder') return `${store.project}/${node.folder}`;
  return null;
}
