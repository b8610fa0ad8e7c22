// What the tasks of each step took of their machines, and which size fits: asked for when somebody opens it.

import { api } from './api.js';
import { h, paint } from './dom.js';
import { store } from './store.js';
import { calm, trouble } from './trouble.js';
import { count, duration } from './words.js';

const gibibytes = mebibytes => `${Math.round(mebibytes / 102.4) / 10} GiB`;
const given = share => [share.size && h('b', share.size, ' '),
  count(share.cores, 'core'), share.memory ? `, ${gibibytes(share.memory)}` : ''];

const wasted = waste => [
  waste.coreHours > 0 && `${waste.coreHours} core hours`, waste.memoryGibibyteHours > 0 && `${waste.memoryGibibyteHours} GiB hours`,
  waste.stopped > 0 && `${count(waste.stopped, 'try')} stopped after ${duration(waste.stoppedSeconds)}`,
].filter(Boolean).join(', ');

export class Sizes {
  constructor() {
    this.body = h('div');
    this.details = h('details.step', { ontoggle: () => this.ask() },
      h('summary', h('b', 'Sizes'), h('span.dim', 'What tasks took of their machines, and what fits')), this.body);
    this.element = h('section.sizes', this.details);
  }

  async ask() {
    if (!this.details.open) return;
    const project = store.project;
    try {
      const answer = await api.sizes(project);
      if (project === store.project) this.draw(answer);
      calm('sizes');
    } catch (error) { trouble(error, { key: 'sizes' }); }
  }

  draw(answer) {
    paint(this.body, answer.steps, () => answer.steps.length === 0 ? h('p.dim', 'No step runs by itself.')
      : h('ul.runs.past', answer.steps.map(step => h('li', h('span.where', step.step), h('span', given(step.now)),
        h('span.dim', `${step.measured} measured`),
        h('span.because', step.text, wasted(step.waste) && h('span.dim', ` Wasted: ${wasted(step.waste)}.`))))));
  }
}
