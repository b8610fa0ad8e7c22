// States of products and runs: a shape each (hue alone says nothing), a word, and the short text of a cell.

import { h } from './dom.js';
import { count, frames, capital } from './words.js';

export const order = ['failed', 'running', 'queued', 'dubious', 'stale', 'missing', 'unknown', 'current'];
const said = { failed: 'failed', running: 'running', queued: 'queued', dubious: 'needs a person', stale: 'out of date',
  missing: 'not there yet', unknown: 'inputs not recorded', current: 'current', omitted: 'omitted' };
/** What `n` of them are: `2 need a person`. */
export const word = (state, n = 1) => n !== 1 && state === 'dubious' ? 'need a person' : said[state] ?? state;

// Reasons that say why something is as it is, and make nothing out of date.
const notes = new Set(['frozen', 'held', 'vouched', 'rejected', 'damaged', 'missingFrames']);
export const isNote = reason => notes.has(reason.kind);

const runShapes = { waiting: 'queued', queued: 'queued', running: 'running', succeeded: 'done', unchanged: 'done', failed: 'failed',
  cancelled: 'missing', proposed: 'stale', declined: 'missing', superseded: 'missing' };
const runWords = { waiting: 'waits for others', unchanged: 'came out unchanged' };
export const runWord = status => runWords[status] ?? status;

/** The state's shape; silent for screen readers when the word stands beside it. */
export function shape(state, { silent = false } = {}) {
  return h('i.s', { class: state, ...(silent ? { 'aria-hidden': 'true' }
    : { role: 'img', 'aria-label': word(state), title: capital(word(state)) }) });
}
export const runShape = status => h('i.s', { class: runShapes[status] ?? 'unknown', 'aria-hidden': 'true' });

/** One short line for a cell, beside its version; empty when there is nothing to say. `titleOf` names an input, `lacks` is
 * how many frames of the range it does not have. */
export function shortText(product, run, titleOf, lacks = 0) {
  const all = frames(product.frames).length, stale = frames(product.staleFrames).length;
  if (product.omitted) return 'omitted';
  // Nobody makes anything from it: that comes before what else it is.
  if (product.damaged && ['current', 'unknown'].includes(product.state)) return 'damaged';
  switch (product.state) {
    case 'running': return run?.tasksTotal > 1 ? `${run.tasksDone} of ${run.tasksTotal}` : 'running';
    case 'queued': return 'queued';
    case 'failed': return 'failed';
    case 'dubious': return 'needs a person';
    case 'unknown': return 'not recorded';
    case 'missing': return product.approved?.verdict === 'rejected' ? 'all rejected' : product.step ? 'not made yet' : 'not published';
    case 'stale': {
      const kinds = product.reasons.filter(reason => !isNote(reason)).map(reason => reason.kind);
      if (kinds.length && kinds.every(kind => kind === 'upstream')) {
        const inputs = [...new Set(product.reasons.map(reason => reason.via).filter(Boolean))];
        if (inputs.length) return `waits for ${inputs.length === 1 ? titleOf(inputs[0]) : inputs.length}`;
      }
      if (stale && all > 1) return stale === all ? count(all, 'frame') : `${stale} of ${count(all, 'frame')}`;
      return 'out of date';
    }
    default:
      if (!product.version) return product.approved?.verdict === 'rejected' ? 'all rejected' : '';
      return lacks ? `${all} of ${count(all + lacks, 'frame')}` : all > 1 ? count(all, 'frame') : '';
  }
}
