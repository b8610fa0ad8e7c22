// Who is there: a name that is claimed, or a token when the server wants one.

import { api, actor, actorKey } from './api.js';
import { button, h, sheet } from './dom.js';
import { store } from './store.js';
import { ticks } from './nouns.js';
import { toast } from './trouble.js';

export function askName() {
  const name = h('input', { id: 'name', name: 'name', maxlength: 60, autocomplete: 'nickname',
    value: localStorage.getItem(actorKey) ?? '', placeholder: 'web' });
  const dialog = sheet('Your name', 'ask', h('form', { method: 'dialog' },
    h('h2', 'Your name'), h('p.dim', 'Stands beside what you run from this browser. It is recorded as claimed, not proven.'),
    h('label', { for: 'name' }, 'Name'), name,
    h('div.acts', h('button.go', { type: 'submit', value: 'save' }, 'Save'), button('Not now', () => dialog.close(), 'quiet'))));
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'save') return;
    if (name.value.trim()) localStorage.setItem(actorKey, name.value.trim());
    else localStorage.removeItem(actorKey);
    drawWho();
  });
}

let asking = null;
/** Asks for a token once, and calls `entered` when the server took it. */
export function signIn(entered) {
  if (asking) return;
  const token = h('input', { id: 'token', type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false' });
  const said = h('p.dim', { role: 'alert' }, 'This server asks who is there. A token comes from ', h('code', 'sluice token create NAME'), '.');
  const form = h('form', h('h2', 'Sign in'), said, h('label', { for: 'token' }, 'Token'), token,
    h('div.acts', h('button.go', { type: 'submit' }, 'Sign in')));
  asking = sheet('Sign in', 'ask', form, { must: true });
  form.addEventListener('submit', async event => {
    event.preventDefault();
    try {
      await api.signIn(token.value.trim());
      asking.close();
      asking = null;
      entered();
    } catch (error) {
      said.replaceChildren(h('b', error.problem?.title ?? error.message), '. ', ...ticks(error.problem?.fix ?? '').filter(Boolean));
      token.select();
    }
  });
}

export function drawWho() {
  const who = document.getElementById('who');
  const tokens = store.health?.tokens;
  who.textContent = tokens ? 'Sign out' : actor();
  who.title = tokens ? 'Forget the token in this browser' : `What you run is recorded as ${actor()}`;
  who.setAttribute('aria-label', tokens ? 'Sign out' : `Your name: ${actor()}. Change it`);
  who.onclick = tokens ? () => api.signOut().then(() => location.reload(), () => toast('Could not sign out.')) : askName;
}
