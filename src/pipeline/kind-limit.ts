import type { Limit } from './pipeline.ts';
import type { Range } from './line-index.ts';
import { join, reportKind, type Kind } from './kind.ts';
import type { Reading } from './reading.ts';
import { entryOf, type YamlMap, type YamlNode } from './yaml-tree.ts';

const words = 'a limit: 2%, a whole number, or { percent: 2, atLeast: 10, atMost: 500 }';
const shareText = { type: 'string', pattern: '^\\d+(\\.\\d+)?%$' };
const count = { type: 'integer', minimum: 0 };
const schema = {
  anyOf: [
    count,
    shareText,
    {
      type: 'object',
      additionalProperties: false,
      required: ['percent'],
      properties: {
        percent: { type: 'number', minimum: 0, maximum: 100, description: 'Share of the population, in per cent.' },
        atLeast: { ...count, description: 'The limit is never below this count, however small the population is.' },
        atMost: { ...count, description: 'The limit is never above this count, however large the population is.' },
      },
    },
  ],
};

/** A limit of a guard. Bounds that are not written are those of the default; a bare number is exact. */
export function limit(fallback: Limit): Kind<Limit> {
  return {
    words,
    schema,
    read(node, path, reading) {
      const read = readLimit(node, path, reading, fallback);
      return typeof read === 'number' ? { share: 0, atLeast: read, atMost: read } : read;
    },
  };
}

/** A limit of the first run: a count, or a share without bounds of its own. */
export const firstLimit: Kind<number | Limit> = {
  words,
  schema,
  read: (node, path, reading) => readLimit(node, path, reading, { share: 0, atLeast: 0 }),
};

/** A share without bounds, in per cent; the value is 0 to 1. */
export function shareOf(minimum: number, maximum: number): Kind<number> {
  const expected = `a share from ${String(minimum)}% to ${String(maximum)}%`;
  return {
    words: expected,
    schema: shareText,
    read(node, path, reading) {
      if (node.kind !== 'scalar' || node.value === null || typeof node.value === 'boolean')
        return reportKind(reading, node, path, expected);
      const value = typeof node.value === 'string' ? parseShare(node.value) : undefined;
      if (value !== undefined && value * 100 >= minimum && value * 100 <= maximum) return value;
      return reading.report('PIP-108', node.range, `${path} takes ${expected}, not ${String(node.value)}`);
    },
  };
}

function readLimit(node: YamlNode, path: string, reading: Reading, fallback: Limit): number | Limit | undefined {
  if (node.kind === 'map') return readBounds(node, path, reading, fallback);
  if (node.kind === 'list' || node.value === null || typeof node.value === 'boolean') return reportKind(reading, node, path, words);
  if (typeof node.value === 'number') {
    return Number.isInteger(node.value) && node.value >= 0 ? node.value : reportLimit(node.range, path, node.written.source, reading);
  }
  const share = parseShare(node.value);
  return share === undefined ? reportLimit(node.range, path, node.value, reading) : { ...fallback, share };
}

function readBounds(node: YamlMap, path: string, reading: Reading, fallback: Limit): Limit | undefined {
  let failed = false;
  for (const { key, keyRange, value } of node.entries) {
    if (key === 'percent' || key === 'atLeast' || key === 'atMost') reading.remember(join(path, key), keyRange, value);
    else {
      reading.report('PIP-101', keyRange, `${path} has no field ${key}`, { fix: 'The fields here are percent, atLeast, atMost.' });
      failed = true;
    }
  }
  const percent = readPart(node, 'percent', path, reading);
  const atLeast = readPart(node, 'atLeast', path, reading) ?? fallback.atLeast;
  const atMost = readPart(node, 'atMost', path, reading) ?? fallback.atMost;
  if (entryOf(node, 'percent') === undefined && !failed) {
    return reading.report('PIP-102', reading.rangeOf(path), `${path}.percent is missing`, { fix: 'Add percent, or write a whole number.' });
  }
  if (atMost !== undefined && atLeast > atMost) {
    const message = `${path} is at least ${String(atLeast)} and at most ${String(atMost)}`;
    return reading.report('PIP-506', reading.rangeOf(path), message);
  }
  if (percent === undefined || failed) return undefined;
  return { share: percent / 100, atLeast, ...(atMost === undefined ? {} : { atMost }) };
}

function readPart(node: YamlMap, name: 'percent' | 'atLeast' | 'atMost', path: string, reading: Reading): number | undefined {
  const value = entryOf(node, name)?.value;
  if (value === undefined) return undefined;
  const at = join(path, name);
  const number = value.kind === 'scalar' ? value.value : undefined;
  const fits = typeof number === 'number' && number >= 0 && (name === 'percent' ? number <= 100 : Number.isInteger(number));
  if (fits) return number;
  const expected = name === 'percent' ? 'a number from 0 to 100' : 'a whole number';
  return reading.report('PIP-108', value.kind === 'scalar' ? value.range : reading.rangeOf(at), `${at} takes ${expected}`);
}

function parseShare(written: string): number | undefined {
  const percent = /^(\d+(?:\.\d+)?)\s?%$/.exec(written)?.[1];
  return percent === undefined || Number(percent) > 100 ? undefined : Number(percent) / 100;
}

function reportLimit(range: Range, path: string, written: string, reading: Reading): undefined {
  return reading.report('PIP-108', range, `${path} takes ${words}, not ${written}`);
}
