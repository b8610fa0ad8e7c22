// What a person can set going from the page.

import { api, actorKey } from './api.js';
import { button, h } from './dom.js';
import { go } from './route.js';
import { askName } from './session.js';
import { store, touch } from './store.js';
import { calm, toast, trouble } from './trouble.js';
import { count } from './words.js';

/** A button that works once at a time. */
export function action(text, work, look) {
  const b = button(text, async () => {
    b.disabled = true;
    calm('action');
    try { await work(); } catch (error) { trouble(error, { more: difference(error) }); }
    b.disabled = false;
  }, look);
  return b;
}

/** Runs a plan that the person has seen; the server refuses when it would be another one by now. */
export async function run(plan, { select, frames } = {}) {
  const applied = await api.apply({ project: store.project, plan: plan?.id, select: select || undefined, frames: frames || undefined });
  toast('Running ', h('a', { href: `#/${store.project}/plans/${applied.id}` }, count(applied.runs.length, 'run')), '.', nameHint());
  touch('plans', 'status');
  return applied;
}

function difference(error) {
  const { plan, difference } = error.problem ?? {};
  if (error.code !== 'plan.changed' || !plan) return [];
  return [h('ul', (difference ?? []).map(text => h('li', text))),
    action(`Run these ${plan.runs.length} now`, () => run(plan, { select: plan.selection, frames: plan.frames }), 'go')];
}

export async function decline(id, because) {
  try {
    await api.decline(id, because);
    toast('Declined. It is proposed again when an input changes.', nameHint());
  } catch (error) { trouble(error); }
  touch('plans', 'status');
}

/** Says of the version that the person has seen that it is right for its inputs as they are. */
export async function vouch(status, because) {
  try {
    await api.vouch(status.version ? `${status.ref}@${status.version}` : status.ref, because);
    toast('Vouched for.', nameHint());
  } catch (error) { trouble(error); }
  touch('status', 'proposal');
}

export async function cancel(id) {
  const { cancelled } = await api.cancel(id);
  toast(`Cancelled ${count(cancelled, 'run')}.`);
  touch('plans', 'status', 'proposal');
}

export async function retry(id) {
  const { runs } = await api.retry(id);
  toast(`Trying ${count(runs, 'run')} again.`, nameHint());
  touch('plans', 'status');
}

let hinted = false;
/** Asks for a name once, in passing: nobody is stopped by it. */
function nameHint() {
  if (hinted || localStorage.getItem(actorKey) || store.health?.tokens) return null;
  hinted = true;
  return [' Recorded as “web”. ', button('Set your name', askName)];
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`Copied ${what}.`);
  } catch {
    // The clipboard needs https or this machine; elsewhere the text can be taken by hand.
    toast('Copy this: ', h('code', text));
  }
}

export const showPlan = id => go({ view: 'plans', id, at: null });
