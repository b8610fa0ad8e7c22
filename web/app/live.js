// The live stream, read by fetch: unlike EventSource it starts at a given position, notices silence and says why it failed.

import { api, asFact } from './api.js';

const silence = 40000;          // the server's heartbeat comes each 15 s
const waits = [250, 500, 1000, 2000, 4000, 8000];

export class Live {
  /** @param heard {fact, progress, state, refused}; `state` is connecting | live | reconnecting */
  constructor(heard) {
    this.heard = heard;
    this.position = null;
    this.failures = 0;
    const hurry = () => this.failures && document.visibilityState === 'visible' && this.wake?.();
    addEventListener('online', hurry);
    document.addEventListener('visibilitychange', hurry);
  }

  /** Follows from `position` until `stop`, through every lost connection. */
  async start(position) {
    this.stop();
    this.position = position;
    const run = this.run = {};
    this.heard.state('connecting');
    while (this.run === run) {
      try { await this.follow(run, position); } catch (error) {
        if (this.run !== run) return;
        if (error.status === 401) return this.stop();
        // The server no longer knows this position (its log began anew): only a fresh start helps.
        if (error.status >= 400 && error.status < 500) { this.stop(); return this.heard.refused(error); }
      }
      if (this.run !== run) return;
      this.heard.state('reconnecting');
      const wait = waits[Math.min(this.failures++, waits.length - 1)] * (0.75 + Math.random() / 2);
      await new Promise(resolve => { this.wake = resolve; setTimeout(resolve, wait); });
    }
  }

  stop() {
    this.run = null;
    this.abort?.abort();
  }

  async follow(run, first) {
    const abort = this.abort = new AbortController();
    let watchdog;
    const alive = () => { clearTimeout(watchdog); watchdog = setTimeout(() => abort.abort(), silence); };
    try {
      alive();
      const response = await api.stream({ from: this.position }, this.position === first ? null : this.position, abort.signal);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      this.heard.state('live');
      this.failures = 0;
      for (let rest = ''; ;) {
        const { value, done } = await reader.read();
        if (done || this.run !== run) return;
        alive();
        const blocks = (rest + value).replace(/\r\n?/g, '\n').split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) this.take(block);
      }
    } finally {
      clearTimeout(watchdog);
      abort.abort();
    }
  }

  take(block) {
    let kind = 'message', id = null;
    const data = [];
    for (const line of block.split('\n')) {
      const [, field, value] = /^([a-z]+):? ?(.*)$/.exec(line) ?? [];
      if (field === 'event') kind = value;
      else if (field === 'id') id = value;
      else if (field === 'data') data.push(value);
    }
    if (id) this.position = id;
    if (data.length && (kind === 'fact' || kind === 'progress')) this.heard[kind](asFact(JSON.parse(data.join('\n'))));
  }
}
