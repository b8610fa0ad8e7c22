// Ways through a drawn graph: what lies upstream and downstream, the next node for an arrow key, and what holds a product.

import { productOf, folderOf } from './nouns.js';

/** For each node its links as `{ from: [ids], to: [ids] }`. */
export function neighbours(edges) {
  const found = new Map();
  const of = id => found.get(id) ?? found.set(id, { from: [], to: [] }).get(id);
  for (const edge of edges) { of(edge.to).from.push(edge.from); of(edge.from).to.push(edge.to); }
  return found;
}

/** Everything that is reached from `id` along `side`: 'from' is upstream, 'to' is downstream. */
export function reach(links, id, side) {
  const found = new Set(), open = [id];
  while (open.length) for (const next of links.get(open.pop())?.[side] ?? []) {
    if (next === id || found.has(next)) continue;
    found.add(next);
    open.push(next);
  }
  return found;
}

/** The node that an arrow key leads to: along a link, or to the next one beside it. `trail` is where one came from. */
export function next(key, node, nodes, links, direction, trail) {
  const along = direction === 'down' ? { ArrowDown: 'to', ArrowUp: 'from' } : { ArrowRight: 'to', ArrowLeft: 'from' };
  const across = direction === 'down' ? 'x' : 'y', ahead = direction === 'down' ? 'y' : 'x';
  const side = along[key], by = (a, b) => Math.abs(a.box[across] - node.box[across]) - Math.abs(b.box[across] - node.box[across]);
  if (side) {
    const linked = (links.get(node.id)?.[side] ?? []).map(id => nodes.get(id)).filter(n => n?.box);
    return linked.find(n => n.id === trail) ?? linked.sort(by)[0] ?? null;
  }
  const sign = key === 'ArrowDown' || key === 'ArrowRight' ? 1 : -1;
  const beyond = [...nodes.values()].filter(n => n.box && (n.box[across] - node.box[across]) * sign > 1);
  const row = beyond.filter(n => Math.abs(n.box[ahead] - node.box[ahead]) < 40);
  const far = n => Math.abs(n.box[across] - node.box[across]) + 3 * Math.abs(n.box[ahead] - node.box[ahead]);
  return (row.length ? row : beyond).sort((a, b) => far(a) - far(b))[0] ?? null;
}

const inside = (folder, of) => !of || folder === of || folder.startsWith(of + '/');

/** Whether a product is drawn by this node; `product` is `{ ref, step }`. */
export function holds(node, product) {
  const folder = folderOf(product.ref);
  switch (node.kind) {
    case 'step': return product.step === node.step && inside(folder, node.folder);
    case 'sources': return !product.step && productOf(product.ref) === node.title && inside(folder, node.folder);
    case 'folder': return inside(folder, node.folder);
    default: return node.refs.includes(product.ref);
  }
}

/** The nodes in which all words are found, with how many of their products they name. */
export function findIn(nodes, products, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean), found = new Map();
  if (!words.length) return found;
  const has = text => words.every(word => text.includes(word));
  for (const node of nodes) if (has(`${node.title} ${node.detail} ${node.refs.length === 1 ? node.refs[0] : ''}`.toLowerCase())) found.set(node.id, 0);
  for (const product of products) {
    if (!has(`${product.ref} ${product.step ?? ''}`.toLowerCase())) continue;
    const node = nodes.find(n => holds(n, product));
    if (node) found.set(node.id, (found.get(node.id) ?? 0) + 1);
  }
  return found;
}
