// Two versions of a product over each other with a line to draw between them; frames follow a slider, movies play together.

import { fileAddress, previewAddress } from './api.js';
import { button, h } from './dom.js';
import { versionName } from './words.js';

const shown = /\.(png|jpe?g|gif|webp|avif)$/i, movies = /\.(mp4|m4v|mov|webm)$/i;

/** How a version can be looked at: `{ kind: movie | pictures, … }`, or null for what has no picture. */
export function visible(answer, preview) {
  const files = answer.files ?? [];
  const movie = files.find(file => movies.test(file.path));
  if (movie) return { kind: 'movie', url: fileAddress(answer.ref, answer.version, movie) };
  const pictures = files.filter(file => shown.test(file.path));
  const first = pictures[0]?.representation;
  const mine = pictures.filter(file => file.representation === first);
  if (!mine.length && !preview) return null;
  const numbered = (mine.length ? mine : files).filter(file => file.frame !== undefined && file.frame !== null);
  const byFrame = new Map(numbered.map(file => [file.frame, file]));
  return { kind: 'pictures', frames: [...byFrame.keys()].sort((a, b) => a - b), url: frame => {
    const file = byFrame.get(frame) ?? mine[0];
    return mine.length && (byFrame.has(frame) || !byFrame.size) ? fileAddress(answer.ref, answer.version, file)
      : previewAddress(answer.ref, answer.version, 960, byFrame.has(frame) ? frame : undefined);
  } };
}

export class Wipe {
  constructor() {
    this.before = h('div.layer'); this.after = h('div.layer.after');
    this.names = [h('em.left'), h('em.right')];
    this.line = h('input.line', { type: 'range', min: 0, max: 100, step: 0.5, value: 50,
      'aria-label': 'Line between the two versions', oninput: () => this.drawLine() });
    this.stage = h('div.stage', this.before, this.after, this.names, h('span.handle', { 'aria-hidden': 'true' }), this.line);
    this.frame = h('input', { type: 'range', 'aria-label': 'Frame', oninput: () => this.showFrame() });
    this.frameText = h('output');
    this.play = button('Play', () => this.toggle());
    this.controls = h('div.controls', this.play, this.frame, this.frameText);
    this.element = h('div.wipe', this.stage, this.controls);
  }

  /** @param left, right { view, number, version }; `right` is the later one, `left` may be missing */
  show(left, right) {
    const at = this.frames?.[this.frame.value];
    this.right = right.view;
    this.left = left && left.view?.kind === right.view.kind ? left.view : null;
    this.stage.classList.toggle('single', !this.left);
    this.names[0].textContent = this.left ? versionName(left.number, left.version) : '';
    this.names[1].textContent = versionName(right.number, right.version);
    const movie = right.view.kind === 'movie';
    this.fill(this.after, this.right); this.fill(this.before, this.left);
    this.frames = movie ? null : right.view.frames;
    this.controls.hidden = !movie && this.frames.length < 2;
    this.play.hidden = !movie;
    if (movie) { Object.assign(this.frame, { min: 0, max: 1000, value: 0 }); this.frameText.value = ''; }
    else {
      Object.assign(this.frame, { min: 0, max: Math.max(0, this.frames.length - 1), step: 1 });
      this.frame.value = this.frames.includes(at) ? this.frames.indexOf(at) : Math.floor(this.frames.length / 2);
      this.showFrame();
    }
    this.drawLine();
  }

  fill(layer, view) {
    if (!view) return layer.replaceChildren();
    if (view.kind === 'pictures') {
      if (layer.firstChild?.tagName !== 'IMG') layer.replaceChildren(h('img', { alt: '' }));
      return;
    }
    if (layer.firstChild?.getAttribute('src') === view.url) return;
    const video = h('video', { src: view.url, muted: true, loop: true, playsinline: true, preload: 'metadata' });
    video.muted = true;
    if (layer === this.after) video.addEventListener('timeupdate', () => {
      if (!video.paused && video.duration) this.frame.value = video.currentTime / video.duration * 1000;
    });
    layer.replaceChildren(video);
    this.play.textContent = 'Play';
  }

  get videos() { return [...this.stage.querySelectorAll('video')]; }

  toggle() {
    const playing = this.videos[0]?.paused === false, at = this.videos.at(-1)?.currentTime ?? 0;
    for (const video of this.videos) if (playing) video.pause(); else { video.currentTime = at; video.play().catch(() => {}); }
    this.play.textContent = playing ? 'Play' : 'Pause';
  }

  showFrame() {
    if (this.right.kind === 'movie') {
      for (const video of this.videos) if (video.duration) video.currentTime = this.frame.value / 1000 * video.duration;
      return;
    }
    const frame = this.frames[this.frame.value];
    this.frameText.value = frame ?? '';
    this.load(this.after, this.right.url(frame));
    if (this.left) this.load(this.before, this.left.url(frame));
  }

  /** Shows the old picture until the new one is there: scrubbing must not flicker. */
  load(layer, url) {
    const picture = layer.firstChild;
    if (layer.wanted === url && picture.src) return;
    layer.wanted = url;
    const next = new Image();
    next.onload = () => { if (layer.wanted === url) { picture.src = url; picture.hidden = false; this.fit(next); } };
    next.onerror = () => { if (layer.wanted === url) picture.hidden = true; };
    next.src = url;
  }

  fit(picture) { this.stage.style.aspectRatio = `${picture.naturalWidth} / ${picture.naturalHeight}`; }

  drawLine() { this.stage.style.setProperty('--at', this.left ? `${this.line.value}%` : '0%'); }
}
