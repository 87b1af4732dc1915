import type { Range } from './line-index.ts';
import { decodeScalar, type DecodedScalar, type ScalarSource, type ScalarStyle } from './scalar-text.ts';

/** A YAML document as the field declarations read it: aliases and merge keys resolved, every node with its place. */
export type YamlNode = YamlScalar | YamlMap | YamlList;

interface NodeBase {
  /** Where the node is used: the alias, if it stands elsewhere. */
  readonly range: Range;
}

export interface YamlScalar extends NodeBase {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly style: ScalarStyle;
  /** The scalar as written; empty when nothing was written. */
  readonly written: ScalarSource;
  /** Text and positions, made when first asked for. */
  readonly decoded: () => DecodedScalar;
}

export interface YamlMap extends NodeBase {
  readonly kind: 'map';
  readonly flow: boolean;
  readonly entries: readonly YamlEntry[];
}

interface YamlList extends NodeBase {
  readonly kind: 'list';
  readonly flow: boolean;
  readonly items: readonly YamlNode[];
}

export interface YamlEntry {
  readonly key: string;
  readonly keyRange: Range;
  readonly value: YamlNode;
}

export function makeScalar(
  value: YamlScalar['value'],
  written: ScalarSource,
  range: Range = [written.offset, written.offset + written.source.length],
): YamlScalar {
  let decoded: DecodedScalar | undefined;
  return {
    kind: 'scalar',
    value,
    style: written.style,
    written,
    range,
    decoded: () => (decoded ??= decodeScalar(written)),
  };
}

/** The entry of a key, if the map has it. */
export function entryOf(map: YamlMap, key: string): YamlEntry | undefined {
  return map.entries.find((entry) => entry.key === key);
}

/** What a person would call the node. */
export function wordsFor(node: YamlNode): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string') return 'text';
  return typeof node.value === 'boolean' ? `the boolean ${String(node.value)}` : `the number ${String(node.value)}`;
}
