// Find by typing: products, folders, plans, projects and views. Ctrl K or / opens it.

import { h, sheet } from './dom.js';
import { inProject } from './nouns.js';
import { link } from './route.js';
import { look } from './signs.js';
import { shape, runShape, word } from './states.js';
import { store } from './store.js';
import { when } from './words.js';

const most = 30;

function candidates() {
  return [
    ...[['show', 'Show'], ['graph', 'Graph'], ['plans', 'Plans'], ['activity',
      'Activity']].map(([view, text]) => ({ text, kind: 'view', href: link({ view, id: null, at: null }) })),
    ...[...store.products.values()].map(p => ({ text: inProject(p.ref), kind: word(look(p)),
      mark: shape(look(p), { silent: true }), href: link({ at: p.ref }) })),
    ...store.folders.map(f => ({ text: f.path, kind: f.type || 'folder', href: link({ view: 'show', id: null, at: null }), folder: f.path })),
    ...store.plans.map(p => ({ text: p.id, kind: `plan, ${p.status}, ${when(p.applied)}`, mark: runShape(p.status),
      href: link({ view: 'plans', id: p.id, at: null }) })),
    ...store.projects.map(p => ({ text: p.name, kind: 'project', href: link({ project: p.name, view: 'show', id: null, at: null }) })),
  ];
}

/** All words must be in the name or kind; names that start with the first word come first. */
export function find(all, query) {
  const words = query.toLowerCase().split(/[\s/]+/).filter(Boolean);
  return all.map((c, i) => ({ c, i, text: `${c.text} ${c.kind}`.toLowerCase() })).filter(({ text }) => words.every(w => text.includes(w)))
    .sort((a, b) => rank(a, words) - rank(b, words) || a.i - b.i).slice(0, most).map(({ c }) => c);
}
const rank = ({ c }, [first]) => !first ? 0 : c.text.toLowerCase().startsWith(first) ? 0 : c.text.toLowerCase().includes('/' + first) ? 1 : 2;

export function openSearch() {
  if (document.querySelector('dialog')) return;
  const all = candidates();
  let found = [], at = 0;
  const list = h('ul', { id: 'found', role: 'listbox', 'aria-label': 'Found' });
  const input = h('input', { type: 'text', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'found',
    'aria-autocomplete': 'list', 'aria-label': 'Find a product, folder or plan',
    placeholder: 'Find a product, folder or plan', spellcheck: 'false', autocomplete: 'off', oninput: draw, onkeydown: keys });
  const dialog = sheet('Find', 'search', [input, list]);
  draw();

  function draw() {
    found = find(all, input.value);
    at = 0;
    list.replaceChildren(...found.map((c, i) => h('li', { role: 'option', id: `found-${i}`, onclick: () => choose(i),
      onpointermove: () => mark(i) }, c.mark ?? h('i.s.none'), h('span', c.text), h('span.dim', c.kind))));
    if (!found.length) list.replaceChildren(h('li.dim', 'Nothing has that name.'));
    mark(0);
  }
  function mark(i) {
    list.children[at]?.setAttribute('aria-selected', 'false');
    at = Math.max(0, Math.min(found.length - 1, i));
    list.children[at]?.setAttribute('aria-selected', 'true');
    input.setAttribute('aria-activedescendant', `found-${at}`);
  }
  function choose(i) {
    const c = found[i];
    if (!c) return;
    dialog.close();
    location.hash = c.href;
    if (c.folder) requestAnimationFrame(() => {
      const row = document.querySelector(`[data-folder="${CSS.escape(c.folder)}"]`);
      row?.scrollIntoView({ block: 'center' });
      row?.querySelector('.cell')?.focus();
    });
  }
  function keys(event) {
    if (event.key === 'Enter') choose(at);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      mark(at + (event.key === 'ArrowDown' ? 1 : -1));
      list.children[at]?.scrollIntoView({ block: 'nearest' });
    }
  }
}
