import type { FunctionDeclaration } from './declaration.ts';
import { failFunction, readOption } from './arguments.ts';
import { readEntraInteger, readEntraList, readEntraText } from './entra-values.ts';
import { normalizeDiacritics } from './dotnet/diacritics.ts';
import { toLowerCase, toProperCase, toProperCaseBetween, toUpperCase } from './dotnet/letter-case.ts';

const group = 'Entra attribute mapping';
const reference = 'https://learn.microsoft.com/entra/identity/app-provisioning/functions-for-customizing-application-data';
const source = { name: 'source', summary: 'the text' } as const;

/** A function of one text; NULL stays NULL. */
function ofText(change: (text: string) => string): () => (value: unknown) => string | null {
  return () => (value) => {
    const text = readEntraText(value);
    return text === undefined ? null : change(text);
  };
}

function readCulture(value: unknown, functionName: string): string | undefined {
  const culture = readEntraText(value);
  if (culture === undefined || culture === '') return undefined;
  try {
    Intl.getCanonicalLocales(culture);
  } catch {
    return failFunction('JSN-506', functionName, `${JSON.stringify(culture)} is not a culture`);
  }
  return culture;
}

function readStart(value: unknown, functionName: string): number {
  const start = readEntraInteger(value, functionName, 'start') ?? 1;
  return start >= 1 ? start : failFunction('JSN-508', functionName, 'start must be at least 1');
}

const culture = { name: 'culture', summary: 'RFC 4646 name such as `tr-TR`; the invariant culture if left out', optional: true } as const;

export const entraTextFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'entraAppend',
    entra: 'Append',
    source: reference,
    signature: '<xx:s>',
    group,
    purity: 'pure',
    summary: 'The source with the suffix behind it. Nothing if the source is nothing, so that no bare suffix flows.',
    parameters: [source, { name: 'suffix', summary: 'the text to add' }],
    implementation: () => (value, suffix) => {
      const text = readEntraText(value);
      return text === undefined ? null : text + (readEntraText(suffix) ?? '');
    },
    examples: [
      { expression: '$entraAppend(upn, ".test")', input: { upn: 'John.Doe@contoso.com' }, result: 'John.Doe@contoso.com.test' },
      { expression: '$entraAppend(upn, ".test")', input: {}, result: null },
    ],
  },
  {
    name: 'left',
    entra: 'Left',
    source: reference,
    signature: '<xx:s>',
    group,
    purity: 'pure',
    summary: 'The first characters. Zero gives the empty text, a negative number the text itself, nothing gives the empty text.',
    parameters: [source, { name: 'length', summary: 'number of characters' }],
    implementation: () => (value, length) => {
      const text = readEntraText(value) ?? '';
      const count = readEntraInteger(length, 'left', 'length') ?? 0;
      return count < 0 ? text : text.slice(0, count);
    },
    examples: [
      { expression: '$left("John Doe", 3)', result: 'Joh' },
      { expression: '$left("John Doe", -1)', result: 'John Doe' },
      { expression: '$left(missing, 3)', result: '' },
    ],
  },
  {
    name: 'mid',
    entra: 'Mid',
    source: reference,
    signature: '<xxx?:s>',
    group,
    purity: 'pure',
    summary:
      'Characters from a position, counted from 1. A length past the end gives the rest, a start past the end the empty text, a negative length the whole text; nothing gives the empty text. ' +
      'A start below 1 is an error (not documented by Microsoft).',
    parameters: [
      source,
      { name: 'start', summary: 'first position, from 1' },
      { name: 'length', summary: 'number of characters; all if left out', optional: true },
    ],
    implementation: () => (value, start, length) => {
      const text = readEntraText(value) ?? '';
      const first = readStart(start, 'mid') - 1;
      const count = readEntraInteger(length, 'mid', 'length');
      if (count === undefined) return text.slice(first);
      return count < 0 ? text : text.slice(first, first + count);
    },
    examples: [
      { expression: '$mid("John", 1, 3)', result: 'Joh' },
      { expression: '$mid("JOHNSON", "2", "64")', result: 'OHNSON' },
      { expression: '$mid("ab", 9, 1)', result: '' },
      { expression: '$mid("ab", 0, 1)', fails: 'JSN-508' },
    ],
  },
  {
    name: 'inStr',
    entra: 'InStr',
    source: reference,
    signature: '<xxx?x?:n>',
    group,
    purity: 'pure',
    summary:
      'The position, from 1, of the first occurrence of a text in another; 0 if there is none. Case counts unless the comparison is `vbTextCompare`.',
    parameters: [
      source,
      { name: 'sought', summary: 'the text to find' },
      { name: 'start', summary: 'position at which the search starts; 1 if left out', optional: true },
      { name: 'comparison', summary: '`vbBinaryCompare` (the default) or `vbTextCompare`', optional: true },
    ],
    implementation: () => (value, sought, start, comparison) => {
      const stated = readEntraText(comparison);
      const mode = readOption(stated === '' ? undefined : stated, ['vbBinaryCompare', 'vbTextCompare', '0', '1'], 'inStr', 'comparison');
      const first = readStart(start === '' ? undefined : start, 'inStr') - 1;
      let text = readEntraText(value) ?? '';
      let part = readEntraText(sought) ?? '';
      if (mode === 'vbTextCompare' || mode === '1') {
        text = toLowerCase(text);
        part = toLowerCase(part);
      }
      return first > text.length || text === '' ? 0 : text.indexOf(part, first) + 1;
    },
    examples: [
      { expression: '$inStr("The quick brown fox", "quick")', result: 5 },
      { expression: '$inStr("repEated", "e", 3, "vbBinaryCompare")', result: 7 },
      { expression: '$inStr("repEated", "e", 3, "vbTextCompare")', result: 4 },
      { expression: '$inStr("abc", "x")', result: 0 },
    ],
  },
  {
    name: 'normalizeDiacritics',
    entra: 'NormalizeDiacritics',
    source: reference,
    signature: '<x:s>',
    group,
    purity: 'pure',
    summary:
      "Replaces the 261 characters of Microsoft's table and leaves everything else (`ồ`, `đ`, `ŋ` stay). No language has rules: `ü` is `u`, but `ø` is `oe`. For new mappings prefer `$transliterate`.",
    parameters: [source],
    implementation: ofText(normalizeDiacritics),
    examples: [
      { expression: '$normalizeDiacritics("Zoë Müller")', result: 'Zoe Muller' },
      { expression: '$normalizeDiacritics("Øyvind")', result: 'OEyvind' },
      { expression: '$normalizeDiacritics("Hồ")', result: 'Hồ' },
    ],
  },
  {
    name: 'pCase',
    entra: 'PCase',
    source: reference,
    signature: '<xx?:s>',
    group,
    purity: 'pure',
    summary:
      'Proper case: the first character of each word large, the others small. Without separators words end at blanks, punctuation and signs, but not at an apostrophe (TextInfo.ToTitleCase); with separators only at those.',
    parameters: [source, { name: 'separators', summary: 'the characters that separate words', optional: true }],
    implementation: () => (value, separators) => {
      const text = readEntraText(value);
      if (text === undefined) return null;
      const marks = readEntraText(separators);
      return marks === undefined || marks === '' ? toProperCase(text) : toProperCaseBetween(text, marks);
    },
    examples: [
      { expression: '$pCase("PABLO GONSALVES (SECOND)")', result: 'Pablo Gonsalves (Second)' },
      { expression: '$pCase("PINTO-DE\'SILVA", " \'-")', result: "Pinto-De'Silva" },
    ],
  },
  {
    name: 'stripSpaces',
    entra: 'StripSpaces',
    source: reference,
    signature: '<x:s>',
    group,
    purity: 'pure',
    summary: 'Removes every blank (U+0020 only; `$trimSpace` and `$removeSpace` know all white space).',
    parameters: [source],
    implementation: ofText((text) => text.replaceAll(' ', '')),
    examples: [{ expression: '$stripSpaces("van der Berg")', result: 'vanderBerg' }],
  },
  {
    name: 'toLower',
    entra: 'ToLower',
    source: reference,
    signature: '<xx?:s>',
    group,
    purity: 'pure',
    summary: 'Small letters, letter by letter as .NET does it; by the rules of a culture if one is given.',
    parameters: [source, culture],
    implementation: () => (value, name) => {
      const rules = readCulture(name, 'toLower');
      const text = readEntraText(value);
      return text === undefined ? null : toLowerCase(text, rules);
    },
    examples: [
      { expression: '$toLower("ÅÄÖ")', result: 'åäö' },
      { expression: '$toLower("TITLE", "tr-TR")', result: 'tıtle' },
    ],
  },
  {
    name: 'toUpper',
    entra: 'ToUpper',
    source: reference,
    signature: '<xx?:s>',
    group,
    purity: 'pure',
    summary: 'Capital letters, letter by letter as .NET does it (`ß` stays); by the rules of a culture if one is given.',
    parameters: [source, culture],
    implementation: () => (value, name) => {
      const rules = readCulture(name, 'toUpper');
      const text = readEntraText(value);
      return text === undefined ? null : toUpperCase(text, rules);
    },
    examples: [
      { expression: '$toUpper("title", "tr-TR")', result: 'TİTLE' },
      { expression: '$toUpper("Straße")', result: 'STRAßE' },
      { expression: '$toUpper("a", "not a culture")', fails: 'JSN-506' },
    ],
  },
  {
    name: 'entraTrim',
    entra: 'Trim',
    source: 'https://learn.microsoft.com/entra/identity/hybrid/cloud-sync/reference-expressions',
    signature: '<x:x>',
    group,
    purity: 'pure',
    summary:
      "Removes white space at both ends, of each value of a list. Not on the provisioning page, but in Microsoft's default mappings.",
    parameters: [source],
    implementation: () => (value) => {
      if (Array.isArray(value)) return readEntraList(value).map((member) => (readEntraText(member) ?? '').trim());
      return readEntraText(value)?.trim() ?? null;
    },
    examples: [{ expression: '$entraTrim(" Test ")', result: 'Test' }],
  },
  {
    name: 'word',
    entra: 'Word',
    source: reference,
    signature: '<xxx:s>',
    group,
    purity: 'pure',
    summary:
      'One word of a text, counted from 1, where any of the given characters separates words; empty words do not count. The empty text if there are too few words, if the number is below 1, or for nothing.',
    parameters: [
      source,
      { name: 'number', summary: 'which word, from 1' },
      { name: 'delimiters', summary: 'the characters that separate words' },
    ],
    implementation: () => (value, number, delimiters) => {
      const text = readEntraText(value) ?? '';
      const index = readEntraInteger(number, 'word', 'number') ?? 0;
      const marks = new Set(readEntraText(delimiters));
      const words: string[] = [];
      let word = '';
      for (const letter of text) {
        if (!marks.has(letter)) word += letter;
        else {
          if (word !== '') words.push(word);
          word = '';
        }
      }
      if (word !== '') words.push(word);
      return words[index - 1] ?? '';
    },
    examples: [
      { expression: '$word("The quick brown fox", 3, " ")', result: 'brown' },
      { expression: '$word("This,string!has&many separators", 3, ",!&#")', result: 'has' },
      { expression: '$word("one", 2, " ")', result: '' },
    ],
  },
];
