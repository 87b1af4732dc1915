import type { FunctionDeclaration } from './declaration.ts';
import { toUpperCase } from './dotnet/letter-case.ts';
import { readOption, readText } from './arguments.ts';
import { transliterate, transliterationLanguages } from './transliteration.ts';

/** White space of Unicode and the marks without width that come with copied text: zero width space and joiners, word joiner, byte order mark. */
const space = String.raw`[\s\u0085\u180E\u200B-\u200D\u2060\uFEFF]`;
const outerSpace = new RegExp(`^${space}+|${space}+$`, 'gu');
const anySpace = new RegExp(`${space}+`, 'gu');

/** Text without white space of any kind at its ends. */
function trimSpace(text: string): string {
  return text.replaceAll(outerSpace, '');
}

const decimalDigit = /\p{Nd}/gu;

/** Every decimal digit of any script as one of 0 to 9: digits of a script are ten code points in a row, so the zero is found by stepping down. */
function readDigits(text: string): string {
  let out = '';
  for (const [digit] of text.matchAll(decimalDigit)) {
    const code = digit.codePointAt(0) ?? 0;
    let value = 0;
    while (value < 9 && isDigit(code - value - 1)) value++;
    out += code >= 0x30 && code <= 0x39 ? digit : String(value);
  }
  return out;
}

function isDigit(code: number): boolean {
  return /\p{Nd}/u.test(String.fromCodePoint(code));
}

const nameWord = /[\p{L}\p{M}\p{N}'’]+/gu;
const capitalWord = /^\p{Lu}{2,}$/u;
const romanNumber = /^(?:II|III|IV|VI|VII|VIII|IX)$/;

/**
 * Names typed in capitals or in small letters, as they are written. A word in mixed case stays as it is, and so does every word of a text
 * that has capitals unless it is all capitals itself.
 */
function writeProperName(text: string, particles: ReadonlySet<string>): string {
  // Capitals may be gone after the first time (`VAN a`, `a 3COM`): what is left then is a text in small letters.
  return writeOnce(writeOnce(text, particles), particles);
}

function writeOnce(text: string, particles: ReadonlySet<string>): string {
  const hasCapitals = /\p{Lu}/u.test(text);
  return text.replaceAll(nameWord, (word) => {
    const small = word.toLowerCase();
    const letters = word.replaceAll(/[^\p{L}]/gu, '');
    const shouts = capitalWord.test(letters);
    if (!shouts && hasCapitals) return word;
    if (particles.has(small)) return small;
    if (romanNumber.test(word)) return word;
    return capitaliseName(small);
  });
}

/** `o'brien` → `O'Brien`, `mcdonald` → `McDonald`, but `john's` → `John's`. */
function capitaliseName(word: string): string {
  const apostrophe = /^(\p{L}{1,2}['’])(\p{L}{2,}.*)$/u.exec(word);
  if (apostrophe !== null) return capitaliseFirst(apostrophe[1] ?? '') + capitaliseFirst(apostrophe[2] ?? '');
  const scottish = /^mc(\p{L}{3,}.*)$/u.exec(word);
  return scottish === null ? capitaliseFirst(word) : `Mc${capitaliseFirst(scottish[1] ?? '')}`;
}

/** Behind an apostrophe too, but a single letter there is a word of its own: `'t Hooft`. */
function capitaliseFirst(word: string): string {
  const [, before = '', first = ''] = /^(['’]*(?=\p{L}{2})|)(.?)/su.exec(word) ?? [];
  return before + toUpperCase(first, 'en') + word.slice(before.length + first.length);
}

function readParticles(value: unknown): ReadonlySet<string> {
  if (!Array.isArray(value))
    return new Set(value === undefined || value === null ? [] : [readText(value, 'properCase', 'particles')?.toLowerCase() ?? '']);
  return new Set(value.map((particle) => readText(particle, 'properCase', 'particles')?.toLowerCase() ?? ''));
}

function ofText(name: string, change: (text: string) => string): () => (value: unknown) => string | undefined {
  return () => (value) => {
    const text = readText(value, name, 'text');
    return text === undefined ? undefined : change(text);
  };
}

const text = { name: 'text', summary: 'the text' } as const;

export const textFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'transliterate',
    signature: '<(snl)(sl)?:s>',
    group: 'text',
    purity: 'pure',
    summary:
      'The text in ASCII: diacritics dropped, other scripts romanised, pictures removed. With a language, its own letters are written as its speakers do (German `ü` is `ue`).',
    parameters: [text, { name: 'language', summary: `one of ${transliterationLanguages.join(', ')}`, optional: true }],
    implementation: () => (value, language) => {
      const rules = readOption(language, transliterationLanguages, 'transliterate', 'language');
      const given = readText(value, 'transliterate', 'text');
      return given === undefined ? undefined : transliterate(given, rules);
    },
    examples: [
      { expression: '$transliterate("Łukasz Đặng")', result: 'Lukasz Dang' },
      { expression: '$transliterate("Jörg Ümit ÄRGER", "de")', result: 'Joerg Uemit AERGER' },
      { expression: '$transliterate("Åse Øverbø", "nb")', result: 'Aase Oeverboe' },
      { expression: '$transliterate("Иван Петров")', result: 'Ivan Petrov' },
      { expression: '$transliterate("a", "tlh")', fails: 'JSN-506' },
    ],
  },
  {
    name: 'properCase',
    signature: '<(snl)x?:s>',
    group: 'names',
    purity: 'pure',
    summary:
      "A name typed in capitals or in small letters as it is written: `O'BRIEN` is `O'Brien`, `MCDONALD` is `McDonald`, `JEAN-LUC` is `Jean-Luc`, `III` stays. " +
      'Words in mixed case stay as they are, and small words stay in a text that has capitals. Applying it to its own result changes nothing.',
    parameters: [text, { name: 'particles', summary: 'words that stay small, such as `["van", "der", "de"]`', optional: true }],
    implementation: () => (value, particles) => {
      const given = readText(value, 'properCase', 'text');
      return given === undefined ? undefined : writeProperName(given, readParticles(particles));
    },
    examples: [
      { expression: '$properCase("SEÁN O\'BRIEN-MCDONALD")', result: "Seán O'Brien-McDonald" },
      { expression: '$properCase("VAN DER BERG", ["van", "der"])', result: 'van der Berg' },
      { expression: '$properCase("Ludwig van Beethoven")', result: 'Ludwig van Beethoven' },
      { expression: '$properCase("henry VIII")', result: 'henry VIII' },
    ],
  },
  {
    name: 'digits',
    signature: '<(snl):s>',
    group: 'text',
    purity: 'pure',
    summary: 'The decimal digits of the text, those of other scripts as 0 to 9, and nothing else.',
    parameters: [text],
    implementation: ofText('digits', readDigits),
    examples: [
      { expression: '$digits("ID-0042/a")', result: '0042' },
      { expression: '$digits("٤٢")', result: '42' },
      { expression: '$digits("none")', result: '' },
    ],
  },
  {
    name: 'trimSpace',
    signature: '<(snl):s>',
    group: 'text',
    purity: 'pure',
    summary:
      "The text without white space at its ends, of every kind that Unicode has, also the marks without width that come with copied text. JSONata's `$trim` knows four kinds only.",
    parameters: [text],
    implementation: ofText('trimSpace', trimSpace),
    examples: [{ expression: '$trimSpace("\\u00a0\\u200b Ann  Lee\\u2009")', result: 'Ann  Lee' }],
  },
  {
    name: 'normalizeSpace',
    signature: '<(snl):s>',
    group: 'text',
    purity: 'pure',
    summary: 'The text without white space at its ends, and with one blank wherever there was any inside.',
    parameters: [text],
    implementation: ofText('normalizeSpace', (given) => trimSpace(given).replaceAll(anySpace, ' ')),
    examples: [{ expression: '$normalizeSpace("\\u00a0Ann\\t \\u2009Lee ")', result: 'Ann Lee' }],
  },
  {
    name: 'removeSpace',
    signature: '<(snl):s>',
    group: 'text',
    purity: 'pure',
    summary: 'The text without any white space.',
    parameters: [text],
    implementation: ofText('removeSpace', (given) => given.replaceAll(anySpace, '')),
    examples: [{ expression: '$removeSpace("van der\\u00a0Berg")', result: 'vanderBerg' }],
  },
];
