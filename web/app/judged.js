// What persons said of a product, and what was done with it apart from making it: complete, approved, held, frozen, purged.
// Each is shown where the server says it, and is left out where it does not.

import { vouch } from './actions.js';
import { button, h, sheet } from './dom.js';
import { moment, person, product, productOf, sentence, version } from './nouns.js';
import { isNote, shape } from './states.js';
import { store } from './store.js';

/** `approved`, `rejected` or null for no verdict. */
export function verdict({ value, verdict: word, by } = {}) {
  if (value === true || word === 'approved') return 'approved';
  // Without a person nobody said no; it was only never said yes.
  return word === 'rejected' || (value === false && by && !word) ? 'rejected' : null;
}

const said = (words, { by, time, because }) => [words, by && [' by ', h('b', person(by))], time && [' ', moment(time)], because && `, “${because}”`];

/** Marks beside the state and apart from it, each with its own sign. */
export function marks(status) {
  const { complete, approved } = status ?? {}, judged = verdict(approved ?? {});
  return [complete && h('li', h('i.mark-sign', { class: complete.value ? 'whole' : 'part', 'aria-hidden': 'true' }),
      h('span', complete.value ? 'Complete' : ['Not complete', complete.reason && [': ', sentence(complete.reason, store.project, store.products)]])),
    judged && h('li', h('i.mark-sign', { class: judged, 'aria-hidden': 'true' }), h('span', said(judged === 'approved' ? 'Approved' : 'Rejected', approved)))].filter(Boolean);
}

/** The small sign of a verdict in a cell. */
export const seal = approved => {
  const judged = verdict(approved ?? {});
  return judged && h('i.mark-sign', { class: judged, role: 'img', 'aria-label': judged, title: judged });
};

/** What keeps it as it is, in sentences. */
export function remarks(status) {
  return [...(status?.reasons ?? []).filter(isNote).map(r => h('p', sentence(r.text, store.project, store.products), '.')),
    status?.damaged && h('p', `It is damaged: ${status.damaged}. Publish it anew; until then nothing is made from it.`),
    status?.inPlace === 'unhashed' && h('p', 'Its files stay where they lie, and their bytes were not read yet.'),
    status?.inPlace === 'hashed' && h('p', 'Its files stay where they lie.'),
    status?.purged && h('p', 'Its files were dropped to save space. They are made again when somebody needs them.')].filter(Boolean);
}

const told = text => sentence(text, store.project, store.products);

/** What a plan leaves to persons, and what they keep from it. */
export function kept({ byHand = [], held = [], frozen = [] }) {
  if (!byHand.length && !held.length && !frozen.length) return null;
  return h('ul.kept', byHand.map(work => h('li', shape(work.freshness, { silent: true }),
    h('span', product(work.product), ` needs a person: `, told(work.text), '.'))),
    held.map(work => h('li', h('i.mark-sign.held', { 'aria-hidden': 'true' }), h('span', told(work.text), '.'))),
    frozen.map(work => h('li', h('i.mark-sign.frozen', { 'aria-hidden': 'true' }), h('span', told(work.text), '.'))));
}

/** Whether a person can say that what is there is right. */
export const isDoubtful = status => status?.freshness === 'dubious' || status?.state === 'dubious';

/** Asks why, since the next person will want to know. */
export function askVouch(status) {
  const because = h('input', { id: 'because', name: 'because', maxlength: 1000, required: true, autocomplete: 'off', placeholder: 'checked against the new rig' });
  const dialog = sheet('Vouch', 'ask', h('form', { method: 'dialog' },
    h('h2', `Vouch for ${productOf(status.ref)}`, ' ', status.version && version(status.number, status.version)),
    h('p.dim', 'You say that this version is right for exactly what its inputs are now. When one of them changes again, it is in doubt again.'),
    h('label', { for: 'because' }, 'Because'), because,
    h('div.acts', h('button.go', { type: 'submit', value: 'vouch' }, 'Vouch'), button('Not now', () => dialog.close(), 'quiet'))));
  dialog.addEventListener('close', () => { if (dialog.returnValue === 'vouch') vouch(status, because.value.trim()); });
}
