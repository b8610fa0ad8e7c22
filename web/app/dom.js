// Builds elements. Text from the API only ever becomes a text node, never markup.

/** `h('a.link.dim', { href, onclick }, 'text', child)`: an element with classes, properties and children. */
export function h(tag, ...rest) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name || 'div');
  if (classes.length) element.className = classes.join(' ');
  if (rest.length && isProperties(rest[0])) set(element, rest.shift());
  element.append(...rest.flat(Infinity).filter(present));
  return element;
}

const present = child => child !== null && child !== undefined && child !== false && child !== '';
const isProperties = value => value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Node);

export function set(element, properties) {
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'vars') for (const [name, v] of Object.entries(value)) element.style.setProperty(name, v);
    else if (key === 'class') element.classList.add(...value.split(' ').filter(Boolean));
    else element.setAttribute(key, value === true ? '' : value);
  }
  return element;
}

/** An SVG element; text again only becomes a text node. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat(Infinity).filter(present));
  return element;
}

/** Redraws `host` only when `data` differs from what it shows, and keeps the keyboard where it was. */
export function paint(host, data, build) {
  const key = JSON.stringify(data ?? null);
  if (host.painted === key) return;
  host.painted = key;
  const focused = host.contains(document.activeElement) && document.activeElement.dataset.key;
  host.replaceChildren(...[build(data)].flat(Infinity).filter(present));
  if (focused) host.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

/** Puts `nodes` into `host` unless it already reads the same, so that nothing under the pointer is replaced for nothing. */
export function settle(host, nodes) {
  const next = h('div', nodes);
  if (next.innerHTML !== host.innerHTML) host.replaceChildren(...next.childNodes);
}

export const button = (text, onclick, look = '') => h('button', { class: look, type: 'button', onclick, 'data-key': text }, text);

/** A modal sheet. Escape closes it unless `must` is set; it leaves the page when closed. */
export function sheet(label, look, children, { must = false } = {}) {
  const dialog = h('dialog', { class: look, 'aria-label': label }, children);
  dialog.addEventListener('cancel', event => must && event.preventDefault());
  dialog.addEventListener('click', event => event.target === dialog && !must && dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
