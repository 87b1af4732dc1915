import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { ErrorCode } from '../domain/errors/registry.ts';
import type { Range } from './line-index.ts';
import type { ScalarSource, ScalarStyle } from './scalar-text.ts';
import { makeScalar, type YamlEntry, type YamlNode } from './yaml-tree.ts';

export interface YamlProblem {
  readonly code: ErrorCode;
  readonly range: Range;
  readonly message: string;
  readonly fix?: string;
}

export interface ParsedYaml {
  readonly document: Document.Parsed;
  readonly text: string;
}

/** `uniqueKeys` is quadratic in the package, and duplicate keys want a message with both places: we look for them ourselves. */
export function parseYaml(text: string): ParsedYaml {
  const document = parseDocument(text, {
    keepSourceTokens: true,
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  return { document, text };
}

const styles: Readonly<Record<string, ScalarStyle>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
};
/** More nodes than any pipeline has, counted with every alias written out; ten aliases of ten aliases of … stop here. */
const largestTree = 50_000;

/** The tree of a document without syntax errors. `root` is undefined for an empty document. */
export function buildTree({ document, text }: ParsedYaml): {
  readonly root: YamlNode | undefined;
  readonly problems: readonly YamlProblem[];
} {
  const builder = new TreeBuilder(text);
  builder.collectAnchors(document.contents);
  const root = document.contents === null ? undefined : builder.build(document.contents);
  if (builder.sizeOf(document.contents) > largestTree) {
    builder.problems.push({ code: 'PIP-007', range: [0, 0], message: `aliases make this file larger than ${String(largestTree)} values` });
    return { root: undefined, problems: builder.problems };
  }
  return { root, problems: builder.problems };
}

class TreeBuilder {
  readonly problems: YamlProblem[] = [];
  readonly #text: string;
  readonly #anchors = new Map<string, Node[]>();
  readonly #open = new Set<Node>();
  readonly #built = new Map<Node, YamlNode>();
  readonly #sizes = new Map<Node, number>();

  constructor(text: string) {
    this.#text = text;
  }

  collectAnchors(node: unknown): void {
    if (isAlias(node)) return;
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, [...(this.#anchors.get(node.anchor) ?? []), node]);
    }
    if (isPair(node)) {
      this.collectAnchors(node.key);
      this.collectAnchors(node.value);
    } else if (isMap(node) || isSeq(node)) for (const item of node.items) this.collectAnchors(item);
  }

  build(node: Node): YamlNode {
    const done = this.#built.get(node);
    if (done !== undefined) return done;
    const range = rangeOf(node);
    if (isAlias(node)) return this.#buildAlias(node, node.source, range);
    if (this.#open.has(node)) {
      this.problems.push({ code: 'PIP-006', range, message: 'this anchor contains an alias to itself' });
      return this.#nothing(range);
    }
    this.#open.add(node);
    const built = this.#buildPlain(node, range);
    this.#open.delete(node);
    this.#built.set(node, built);
    return built;
  }

  /** Number of values with aliases written out: a product for nested aliases, so it is summed once per node. */
  sizeOf(node: unknown): number {
    if (isAlias(node)) {
      const target = this.#target(node, node.source);
      return target === undefined || this.#open.has(target) ? 1 : this.sizeOf(target);
    }
    if (isPair(node)) return this.sizeOf(node.value);
    if (!isMap(node) && !isSeq(node)) return 1;
    const known = this.#sizes.get(node);
    if (known !== undefined) return known;
    this.#open.add(node);
    let size = 1;
    for (const item of node.items) size += this.sizeOf(item);
    this.#open.delete(node);
    this.#sizes.set(node, size);
    return size;
  }

  #buildPlain(node: Node, range: Range): YamlNode {
    if (isScalar(node)) return this.#buildScalar(node, range);
    if (isSeq(node)) {
      const items = node.items.map((item) => (isNodeLike(item) ? this.build(item) : this.#nothing(range)));
      return { kind: 'list', flow: node.flow === true, items, range };
    }
    if (isMap(node)) return { kind: 'map', flow: node.flow === true, entries: this.#entries(node), range };
    return this.#nothing(range);
  }

  #buildAlias(node: Node, name: string, range: Range): YamlNode {
    const target = this.#target(node, name);
    if (target === undefined) {
      this.problems.push({
        code: 'PIP-006',
        range,
        message: `the alias *${name} has no anchor &${name} before it`,
      });
      return this.#nothing(range);
    }
    const built = this.build(target);
    // The text of an aliased scalar stands at its anchor, the field stands here.
    return built.kind === 'scalar' ? { ...built, range } : { ...built, range };
  }

  #target(alias: Node, name: string): Node | undefined {
    const at = rangeOf(alias)[0];
    return this.#anchors.get(name)?.findLast((node) => rangeOf(node)[0] < at);
  }

  #buildScalar(node: Scalar, range: Range): YamlNode {
    const { value } = node;
    const style = styles[node.type ?? 'PLAIN'] ?? 'plain';
    const token = node.srcToken;
    let written: ScalarSource = { style, source: this.#text.slice(...range), offset: range[0], header: '', parentIndent: 0 };
    if (token?.type === 'block-scalar') {
      const header = token.props.find((prop) => prop.type === 'block-scalar-header');
      written = {
        style,
        source: token.source,
        offset: range[1] - token.source.length,
        header: header !== undefined && 'source' in header ? header.source : '',
        parentIndent: token.indent,
      };
    }
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
    return makeScalar(plain, written, range);
  }

  #entries(map: YAMLMap): YamlEntry[] {
    const own = new Map<string, YamlEntry>();
    const merged = new Map<string, YamlEntry>();
    for (const pair of map.items) {
      const key = this.#key(pair);
      if (key === undefined) continue;
      const value = isNodeLike(pair.value) ? this.build(pair.value) : this.#nothing([key.keyRange[1], key.keyRange[1]]);
      if (key.key === '<<' && key.plain) {
        this.#merge(merged, value);
        continue;
      }
      const first = own.get(key.key);
      if (first === undefined) own.set(key.key, { key: key.key, keyRange: key.keyRange, value });
      else this.problems.push({ code: 'PIP-004', range: key.keyRange, message: this.#duplicateWords(key.key, first) });
    }
    // A merge key gives what the map does not say itself; the first of several merged maps wins (YAML 1.1 merge type).
    return [...own.values(), ...[...merged.values()].filter(({ key }) => !own.has(key))];
  }

  #duplicateWords(key: string, first: YamlEntry): string {
    const line = this.#text.slice(0, first.keyRange[0]).split(/\r\n|\r|\n/).length;
    return `${key} is already given in line ${String(line)}`;
  }

  #key(pair: Pair): { readonly key: string; readonly keyRange: Range; readonly plain: boolean } | undefined {
    let node: unknown = pair.key;
    const range = isNodeLike(node) ? rangeOf(node) : ([0, 0] as const);
    if (isAlias(node)) node = this.#target(node, node.source);
    if (isScalar(node) && (node.value !== null || range[1] > range[0])) {
      const key = typeof node.value === 'string' ? node.value : this.#text.slice(...rangeOf(node));
      return { key, keyRange: range, plain: node.type === 'PLAIN' };
    }
    this.problems.push({ code: 'PIP-008', range, message: 'the name of a field must be text' });
    return undefined;
  }

  #merge(into: Map<string, YamlEntry>, value: YamlNode): void {
    const maps = value.kind === 'list' ? value.items : [value];
    for (const map of maps) {
      if (map.kind !== 'map') {
        this.problems.push({ code: 'PIP-006', range: map.range, message: 'a merge key << takes an alias of a map, or a list of them' });
        continue;
      }
      for (const entry of map.entries) if (!into.has(entry.key)) into.set(entry.key, entry);
    }
  }

  #nothing(range: Range): YamlNode {
    return makeScalar(null, { style: 'plain', source: '', offset: range[0], header: '', parentIndent: 0 }, range);
  }
}

function isNodeLike(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

function rangeOf(node: Node): Range {
  const range = node.range;
  return range === null || range === undefined ? [0, 0] : [range[0], range[1]];
}
