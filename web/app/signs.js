// What is to be known of a product beside its state, and changes nothing of that: each with a sign and a word.

import { h } from './dom.js';

const of = {
  damaged: product => Boolean(product.damaged),
  frozen: product => Boolean(product.frozen),
  held: product => Boolean(product.held || product.reasons?.some(reason => reason.kind === 'held')),
};
export const signs = Object.keys(of);

/** The signs of a product: of `damaged`, `frozen` and `held` those that hold. */
export const signsOf = product => signs.filter(name => of[name](product));

/** The state that is shown of it. What is left out of the show stands apart: nothing is asked of it. */
export const look = product => product.omitted ? 'omitted' : product.state;

/** A sign; silent for screen readers when the word stands beside it. */
export const sign = (name, { silent = false } = {}) => h('i.mark-sign', { class: name,
  ...(silent ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': name, title: name }) });
