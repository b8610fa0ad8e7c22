// Proposals: plans that Sluice made after a change and that wait for a person, and what became of them.

import { action, decline, run } from './actions.js';
import { button, h, sheet } from './dom.js';
import { moment, person } from './nouns.js';
import { link } from './route.js';
import { store } from './store.js';
import { count, verb } from './words.js';

/** Asks why, in passing, and declines. */
export function askDecline(plan) {
  const n = plan.runs.length;
  const because = h('input', { id: 'because', name: 'because', maxlength: 1000, autocomplete: 'off', placeholder: 'the look is not final' });
  const dialog = sheet('Decline the proposal', 'ask', h('form', { method: 'dialog' },
    h('h2', 'Decline the proposal'),
    h('p.dim', `Its ${count(n, 'run')} ${verb(n, 'is', 'are')} not proposed again until something that ${verb(n, 'it is', 'they are')} made from changes.`),
    h('label', { for: 'because' }, 'Because (you may leave it empty)'), because,
    h('div.acts', h('button.go', { type: 'submit', value: 'decline' }, 'Decline'), button('Not now', () => dialog.close(), 'quiet'))));
  dialog.addEventListener('close', () => { if (dialog.returnValue === 'decline') decline(plan.id, because.value.trim()); });
}

/** What can be done about a proposal that waits. */
export const decisions = (plan, begun = () => {}) => [
  action(plan.runs.length === 1 ? 'Run it' : `Run these ${plan.runs.length}`, () => run(plan).then(begun), 'go'),
  button('Decline', () => askDecline(plan))];

/** Why runs of `auto` steps only wait here, each reason once with the steps that it holds for. */
export function notes(plan) {
  const found = new Map();
  // A run that is here because another is, is explained by that other.
  for (const { step, note } of plan.runs) if (note && !note.startsWith('it is made from')) found.set(`${step}: ${note}`, [step, note]);
  return [...found.values()].map(([step, note]) => h('p', h('b', step), ` waits here, because ${note}.`));
}

export const declineWords = ({ declined: d }) => d && [h('b', person(d.actor)), ' declined it ', moment(d.time),
  d.because ? `, “${d.because}”` : '', '. '];

/** The proposal that was declined and still stands behind what is out of date; null where something else is to be done. */
export function standingDecline() {
  const runs = store.proposal?.runs ?? [];
  const kinds = runs.map(r => store.products.get(r.outputs[0])?.reaction);
  if (!runs.length || !kinds.some(k => k?.kind === 'declined') || kinds.some(k => !['declined', 'waits', 'manual', 'failed'].includes(k?.kind))) return null;
  return store.plans.find(p => p.id === kinds.find(k => k?.kind === 'declined').plan) ?? null;
}

/** What became of a proposal, in a sentence. */
export const fate = state => ({
  proposed: ['Sluice proposed it ', moment(state.applied), '. Nothing runs before somebody says so. '],
  declined: declineWords(state),
  superseded: state.supersededBy ? [h('a', { href: link({ view: 'plans', id: state.supersededBy }) }, state.supersededBy), ' took its place. ']
    : 'Nothing of it was left to do. ',
}[state.status]);
