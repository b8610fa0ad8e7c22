// The log of a task in a sheet beside the page; it follows while the task writes.

import { api } from './api.js';
import { button, h, sheet } from './dom.js';
import { failure } from './nouns.js';
import { bytes } from './words.js';

const pace = 1000, most = 1_000_000;     // milliseconds between looks; characters kept on screen

/** @param tasks ids, the first is shown; @param about { title, failure?, following } */
export function showLog(tasks, about) {
  const text = h('pre', { tabindex: 0, 'aria-label': 'Log' }), size = h('span.dim');
  const pick = tasks.length > 1 && h('select', { 'aria-label': 'Task', onchange: event => read(event.target.value) },
    tasks.map(id => h('option', { value: id }, id)));
  let current, timer;
  const dialog = sheet(`Log of ${about.title}`, 'log', [
    h('header', h('h2', about.title), pick || h('span.v', tasks[0]), size, button('Close', () => dialog.close(), 'quiet')),
    about.failure && failure(about.failure), text]);
  dialog.addEventListener('close', () => { current = null; clearTimeout(timer); });

  async function read(task) {
    current = task;
    clearTimeout(timer);
    text.textContent = '';
    const decoder = new TextDecoder();
    let from = 0;
    const look = async () => {
      try {
        const { chunk, size: total } = await api.log(task, from);
        if (current !== task) return;
        const first = from === 0, atEnd = text.scrollTop + text.clientHeight > text.scrollHeight - 40;
        from += chunk.length;
        if (chunk.length) text.textContent = (text.textContent + decoder.decode(chunk, { stream: true })).slice(-most);
        else if (first) text.textContent = 'Nothing was written.';
        size.textContent = bytes(total);
        if (first || atEnd) text.scrollTop = text.scrollHeight;
      } catch (error) {
        if (current !== task) return;
        text.textContent = `${error.problem?.title ?? error.message}\n${error.problem?.fix ?? ''}`;
        return;
      }
      if (about.following) timer = setTimeout(look, pace);
    };
    await look();
  }
  read(tasks[0]);
}
