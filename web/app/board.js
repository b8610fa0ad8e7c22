// Folders by products: one row a folder, one column a product in pipeline order, the state of each as shape, picture and words.

import { previewAddress } from './api.js';
import { h, paint } from './dom.js';
import { lacking, seal } from './judged.js';
import { folderOf, productOf, version } from './nouns.js';
import { link, read } from './route.js';
import { look, sign, signs, signsOf } from './signs.js';
import { order, shape, shortText, word } from './states.js';
import { columns, runOf, store } from './store.js';
import { capital, count, frames, showRange } from './words.js';

const parentOf = folder => folder.split('/').slice(0, -1).join('/');

const isLeftOut = ({ own }) => own.length > 0 && own.every(p => p.omitted);

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
    this.table.addEventListener('scroll', () => this.edges(), { passive: true });
    this.more = h('button.more', { type: 'button', onclick: () => this.table.scrollBy({ left: this.table.clientWidth / 2 }) });
    this.pane = h('div.pane', this.table);
    this.element = h('section.board', { 'aria-label': 'Board' }, h('div.board-top', this.filters, this.more), this.pane);
    new ResizeObserver(() => this.edges()).observe(this.table);
  }

  draw = () => {
    const products = [...store.products.values()];
    this.element.hidden = !products.length;
    const tally = new Map();
    for (const p of products) for (const key of [look(p), ...signsOf(p)]) tally.set(key, (tally.get(key) ?? 0) + 1);
    if (this.only && !tally.has(this.only)) this.only = null;
    const states = [...order, 'omitted'].filter(state => tally.has(state)), beside = signs.filter(name => tally.has(name));
    paint(this.filters, [this.only, products.length, [...states, ...beside].map(key => [key, tally.get(key)])], () => [
      this.filter(null, ['All ', h('b', products.length)]),
      states.map(state => this.filter(state, [shape(state, { silent: true }), capital(word(state)), ' ', h('b', tally.get(state))])),
      beside.length > 0 && h('span.beside', beside.map(name => this.filter(name,
        [sign(name, { silent: true }), capital(name), ' ', h('b', tally.get(name))])))]);
    const shown = products.filter(p => this.isWanted(p));
    const plan = layout(products), visible = new Set(shown.map(p => folderOf(p.ref)));
    this.titles = new Map(columns().map(column => [column.product, column.title]));
    const used = new Set(plan.groups.flatMap(g => [...g.own, ...g.rows.flatMap(r => r.own)]).map(p => productOf(p.ref)));
    const heads = columns().filter(column => used.has(column.product));
    const structure = [heads, this.only && [...visible],
      plan.groups.map(g => [g.folder, g.own.map(p => p.ref), g.rows.map(r => [r.folder, isLeftOut(r), r.own.map(p => p.ref)])]),
      plan.apart.map(p => p.ref)];
    paint(this.table, structure, () => this.build(plan, heads, visible));
    for (const product of products) this.update(product);
    this.edges();
  };

  isWanted(product) { return !this.only || look(product) === this.only || signsOf(product).includes(this.only); }

  /** Says that the sheet goes on beyond its edge, and how far. */
  edges() {
    const { scrollLeft: from, clientWidth: width, scrollWidth: all } = this.table, right = this.table.getBoundingClientRect().right;
    const beyond = all - width - from > 8 ? [...this.table.querySelectorAll('.head > [role=columnheader]')]
      .filter(head => head.getBoundingClientRect().right > right + 8).length : 0;
    this.pane.classList.toggle('more-left', from > 8);
    this.pane.classList.toggle('more-right', beyond > 0);
    this.more.hidden = !beyond;
    if (beyond) this.more.textContent = `${count(beyond, 'more column')} →`;
  }

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
    const row = ({ folder, own }, kind) => h('div.row', { role: 'row', class: isLeftOut({ own }) ? `${kind} left-out` : kind, 'data-folder': folder },
      h('span', { role: 'rowheader', title: folder }, kind === 'lead' ? folder : folder.split('/').at(-1)), cells(own));
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

  cell(ref, title, kind = '') {
    const cell = h('a.cell', { class: kind, 'data-ref': ref, 'data-key': ref });
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
    cell.classList.toggle('faded', !this.isWanted(product));
    cell.classList.toggle('left-out', Boolean(product.omitted));
    const state = look(product), beside = signsOf(product);
    if (chosen) cell.setAttribute('aria-current', 'true'); else cell.removeAttribute('aria-current');
    const text = shortText(product, run, ref => this.titles.get(productOf(ref)) ?? productOf(ref),
      frames(lacking(product)).length);
    paint(cell, [state, product.version, product.number, product.preview, text, product.approved, product.damaged, beside], () => {
      const heard = [...new Set([word(state), text, ...beside].filter(Boolean))];
      cell.setAttribute('aria-label', `${folderOf(product.ref) || store.project} ${cell.title_}: ${heard.join(', ')}`);
      const why = product.omitted ? ': its folder is left out of the show' : product.reasons.length ? `: ${product.reasons.map(r => r.text).join('; ')}` : '';
      cell.title = [capital(word(state)) + why, product.damaged && `Damaged: ${product.damaged}`,
        product.frames && `frames ${showRange(product.frames)}`].filter(Boolean).join('\n');
      return [shape(state, { silent: true }), thumbnail(product), h('span.words',
        h('span.first', h('b.name', cell.title_), product.version && version(product.number, product.version), seal(product.approved),
          beside.map(name => sign(name))), h('span.text', text))];
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
