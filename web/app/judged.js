// What persons said of a product, and what was done with it apart from making it: complete, approved, held, frozen, purged.
// Each is shown where the server says it, and is left out where it does not.

import { vouch } from './actions.js';
import { button, h, sheet } from './dom.js';
import { moment, person, product, productOf, sentence, time, version } from './nouns.js';
import { sign } from './signs.js';
import { isNote, shape } from './states.js';
import { store } from './store.js';
import { frames, rangeOf, showRange } from './words.js';

/** `approved`, `rejected` or null for no verdict. */
export function verdict({ value, verdict: word, by } = {}) {
  if (value === true || word === 'approved') return 'approved';
  // Without a person nobody said no; it was only never said yes.
  return word === 'rejected' || (value === false && by && !word) ? 'rejected' : null;
}

const said = (words, { by, time: at, because }) => [words, by && [' by ', h('b', person(by))], at && [' ', moment(at)], because && `, “${because}”`];

const mark = (name, ...words) => h('li', sign(name, { silent: true }), h('span', words));

/** Frames of its folder's range that it does not have, though nothing else lacks of it; empty where it has all. */
export function lacking(status) {
  if (status.missingFrames) return status.missingFrames;
  const range = store.folders.find(folder => folder.path === status.folder)?.attributes?.range, there = new Set(frames(status.frames));
  return there.size > 1 ? rangeOf(frames(range).filter(frame => !there.has(frame))) : '';
}

/** Whether all of it is there. Complete is what has all that can be made of it: that may be less than the range. */
function wholeness(status) {
  const { complete } = status;
  if (!complete.value) return mark('part', 'Not complete', complete.reason && [': ', told(complete.reason)]);
  const lacks = lacking(status), which = `${frames(lacks).length === 1 ? 'frame' : 'frames'} ${showRange(lacks)}`;
  if (!lacks) return mark('whole', 'Complete');
  return status.missingFrames ? mark('part', `Complete but for ${which} of the range`)
    : mark('part', `Without ${which} of its folder’s range`);
}

/** The folder that was left out: its own, or one above it. */
const omission = ({ folder }) => store.folders.find(f => f.omitted && (f.path === folder || folder.startsWith(`${f.path}/`)))?.path ?? folder;

/** Who freezes a product, at what, since when, until when and why. */
const freezing = frozen => [said(['Frozen at ', version(frozen.number, frozen.version)], { ...frozen, by: frozen.actor }),
  frozen.until && [', until ', time(frozen.until)], '. Who takes its latest version takes this one.'];

/** Marks beside the state and apart from it, each with its own sign. */
export function marks(status) {
  const { complete, approved, damaged, frozen, omitted } = status ?? {}, judged = verdict(approved ?? {});
  return [omitted && mark('omitted', `${omission(status)} is left out of the show: no step works on it`),
    damaged && mark('damaged', `It is damaged: ${damaged}. Publish it anew; until then nothing is made from it.`),
    frozen && mark('frozen', freezing(frozen)),
    complete && !omitted && wholeness(status),
    judged && mark(judged, said(judged === 'approved' ? 'Approved' : 'Rejected', approved))].filter(Boolean);
}

/** What holds of a version among others, in words; null where nobody said anything, or took it back. */
export function spoken(approved) {
  const judged = verdict(approved ?? {});
  return judged && h('p.verdict', sign(judged, { silent: true }), h('span', said(judged, approved)));
}

/** The small sign of a verdict in a cell. */
export const seal = approved => {
  const judged = verdict(approved ?? {});
  return judged && h('i.mark-sign', { class: judged, role: 'img', 'aria-label': judged, title: judged });
};

/** What keeps it as it is, in sentences. */
export function remarks(status) {
  return [...(status?.reasons ?? []).filter(isNote).map(r => h('p', sentence(r.text, store.project, store.products), '.')),
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
