// Folders by products: one row a folder, one column a product in pipeline order, the state of each as shape, picture and words.

import { previewAddress } from './api.js';
import { h, paint } from './dom.js';
import { seal } from './judged.js';
import { folderOf, productOf, version } from './nouns.js';
import { link, read } from './route.js';
import { order, shape, shortText, word } from './states.js';
import { columns, runOf, store } from './store.js';
import { capital, showRange } from './words.js';

const parentOf = folder => folder.split('/').slice(0, -1).join('/');

/** Folders as groups of rows. A folder at the root that only holds sources, such as `look`, stands apart. */
export function layout(products) {
  const byFolder = new Map();
  for (const p of products) byFolder.set(folderOf(p.ref), [...byFolder.get(folderOf(p.ref)) ?? [], p]);
  const parents = new Set([...byFolder.keys()].map(parentOf).filter(Boolean));
  const rank = new Map(store.folders.map((folder, i) => [folder.path, i]));
  const sorted = [...byFolder.keys()].sort((a, b) => (rank.get(a) ?? 1e9) - (rank.get(b) ?? 1e9) || a.localeCompare(b, 'en', { numeric: true }));
  const groups = new Map(), apart = [];
  const group = key => groups.get(key) ?? groups.set(key, { folder: key, own: [], rows: [] }).get(key);
  for (const folder of sorted) {
    const own = byFolder.get(folder);
    if (folder === '' || (!parentOf(folder) && !parents.has(folder) && own.every(p => !p.step))) apart.push(...own);
    else if (parents.has(folder)) group(folder).own = own;
    else group(parentOf(folder)).rows.push({ folder, own });
  }
  return { groups: [...groups.values()], apart };
}

export class Board {
  constructor() {
    this.cells = new Map();
    this.only = null;
    this.filters = h('div.filters', { role: 'group', 'aria-label': 'Show only' });
    this.table = h('div.grid', { role: 'table', 'aria-label': 'Folders by products', onkeydown: event => this.move(event) });
    this.element = h('section.board', { 'aria-label': 'Board' }, this.filters, this.table);
  }

  draw = () => {
    const products = [...store.products.values()];
    this.element.hidden = !products.length;
    const tally = new Map();
    for (const p of products) tally.set(p.state, (tally.get(p.state) ?? 0) + 1);
    if (this.only && !tally.has(this.only)) this.only = null;
    paint(this.filters, [this.only, products.length, order.map(state => tally.get(state))], () => [
      this.filter(null, ['All ', h('b', products.length)]),
      order.filter(state => tally.has(state)).map(state => this.filter(state,
        [shape(state, { silent: true }), capital(word(state)), ' ', h('b', tally.get(state))]))]);
    const shown = this.only ? products.filter(p => p.state === this.only) : products;
    const plan = layout(products), visible = new Set(shown.map(p => folderOf(p.ref)));
    this.titles = new Map(columns().map(column => [column.product, column.title]));
    const used = new Set(plan.groups.flatMap(g => [...g.own, ...g.rows.flatMap(r => r.own)]).map(p => productOf(p.ref)));
    const heads = columns().filter(column => used.has(column.product));
    const structure = [heads, this.only && [...visible],
      plan.groups.map(g => [g.folder, g.own.map(p => p.ref), g.rows.map(r => [r.folder, r.own.map(p => p.ref)])]),
      plan.apart.map(p => p.ref)];
    paint(this.table, structure, () => this.build(plan, heads, visible));
    for (const product of products) this.update(product);
  };

  filter(state, label) {
    return h('button', { type: 'button', 'aria-pressed': String(this.only === state), 'data-key': `only ${state}`,
      onclick: () => { this.only = state; this.draw(); } }, label);
  }

  build({ groups, apart }, heads, visible) {
    this.cells.clear();
    this.table.style.setProperty('--columns', heads.length);
    const longest = Math.max(0, ...groups.flatMap(g => g.rows.map(r => r.folder.split('/').at(-1).length)),
      ...apart.map(p => folderOf(p.ref).length));
    this.table.style.setProperty('--label', `${Math.min(144, Math.max(56, longest * 7.5))}px`);
    const cells = own => heads.map(column => {
      const found = own.find(p => productOf(p.ref) === column.product);
      return h('div', { role: 'cell', class: found ? 'slot' : 'slot none' }, found && this.cell(found.ref, column.title));
    });
    const row = ({ folder, own }, look) => h('div.row', { role: 'row', class: look, 'data-folder': folder },
      h('span', { role: 'rowheader', title: folder }, look === 'lead' ? folder : folder.split('/').at(-1)), cells(own));
    return [
      heads.length > 0 && h('div.row.head', { role: 'row' }, h('span', { role: 'columnheader' }, h('span.out', 'Folder')),
        heads.map(c => h('span', { role: 'columnheader',
        title: c.step ? `${c.product}, made by the step ${c.step}` : `${c.product}, a source` }, c.title,
          c.title !== c.product && h('small', c.product)))),
      groups.filter(g => visible.has(g.folder) || g.rows.some(r => visible.has(r.folder))).map(g => h('div.group', { role: 'rowgroup' },
        g.folder && row(g, 'lead'), g.rows.filter(r => visible.has(r.folder)).map(r => row(r, '')))),
      apart.some(p => visible.has(folderOf(p.ref))) && h('div.apart', { role: 'rowgroup' },
        [...new Set(apart.map(p => folderOf(p.ref)))].filter(f => visible.has(f)).map(folder =>
        h('div.row', { role: 'row', 'data-folder': folder }, h('span', { role: 'rowheader' }, folder || store.project),
          h('div.loose', { role: 'cell' }, apart.filter(p => folderOf(p.ref) === folder).map(p => this.cell(p.ref, productOf(p.ref), 'named')))))),
    ];
  }

  cell(ref, title, look = '') {
    const cell = h('a.cell', { class: look, 'data-ref': ref, 'data-key': ref });
    cell.title_ = title;
    this.cells.set(ref, cell);
    return cell;
  }

  update(product) {
    const cell = this.cells.get(product.ref);
    if (!cell) return;
    const run = product.state === 'running' ? runOf(product) : null;
    const chosen = read().at === product.ref;
    cell.href = link({ at: product.ref });
    cell.classList.toggle('on', chosen);
    cell.classList.toggle('faded', Boolean(this.only && product.state !== this.only));
    if (chosen) cell.setAttribute('aria-current', 'true'); else cell.removeAttribute('aria-current');
    const text = shortText(product, run, ref => this.titles.get(productOf(ref)) ?? productOf(ref));
    paint(cell, [product.state, product.version, product.number, product.preview, text, product.approved], () => {
      cell.setAttribute('aria-label', `${folderOf(product.ref) || store.project} ${cell.title_}: ${word(product.state)}${text && text !== word(product.state) ? ', ' + text : ''}`);
      const state = `${capital(word(product.state))}${product.reasons.length ? ': ' + product.reasons.map(r => r.text).join('; ') : ''}`;
      cell.title = [state, product.frames && `frames ${showRange(product.frames)}`].filter(Boolean).join('\n');
      return [shape(product.state, { silent: true }), thumbnail(product), h('span.words',
        h('span.first', h('b.name', cell.title_), product.version && version(product.number, product.version), seal(product.approved)), h('span.text', text))];
    });
  }

  /** Arrow keys walk between cells, as in a sheet. */
  move(event) {
    const from = event.target.closest('.cell');
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!from || !way || event.ctrlKey || event.metaKey || event.altKey) return;
    const here = from.getBoundingClientRect();
    let best = null, least = Infinity;
    for (const cell of this.cells.values()) {
      const there = cell.getBoundingClientRect(), dx = there.x - here.x, dy = there.y - here.y;
      const ahead = dx * way[0] + dy * way[1], aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
      if (ahead > 4 && ahead + aside * 4 < least) { least = ahead + aside * 4; best = cell; }
    }
    if (!best) return;
    event.preventDefault();
    best.focus();
  }
}

function thumbnail(product) {
  if (!product.preview || !product.version) return null;
  const picture = h('img', { alt: '', loading: 'lazy', decoding: 'async', width: 48, height: 27,
    src: previewAddress(product.ref, product.version, 160) });
  picture.addEventListener('error', () => picture.remove());
  return picture;
}
