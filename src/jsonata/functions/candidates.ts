import type { FunctionDeclaration } from './declaration.ts';
import { failFunction, readInteger, readOption, readText } from './arguments.ts';
import { foldNickname } from './names.ts';
import { transliterationLanguages } from './transliteration.ts';

/** The longest local part and the longest mailNickname that Entra ID takes. */
const longestName = 64;
const mostCandidates = 1000;
const defaultCount = 10;
const defaultPatterns = ['{given}.{family}', '{g}.{family}', '{given}.{f}', '{given}.{family}{n}'];

/** The base with a number behind it, cut so that both fit. */
function withNumber(base: string, number: number): string {
  const digits = String(number);
  return base.slice(0, longestName - digits.length) + digits;
}

function readCount(value: unknown, functionName: string): number {
  const count = readInteger(value, functionName, 'count') ?? defaultCount;
  return count >= 1 && count <= mostCandidates
    ? count
    : failFunction('JSN-506', functionName, `count must be from 1 to ${String(mostCandidates)}`);
}

function listCandidates(base: string, count: number): string[] {
  const list = [base.slice(0, longestName)];
  for (let number = 2; list.length < count; number++) list.push(withNumber(base, number));
  return list;
}

function readPatterns(value: unknown): readonly string[] {
  if (value === undefined || value === null) return defaultPatterns;
  const patterns = (Array.isArray(value) ? value : [value]).map(
    (pattern: unknown) => readText(pattern, 'nameCandidates', 'patterns') ?? '',
  );
  for (const pattern of patterns) {
    const unknown = /\{(?!(?:given|family|g|f|n)\})[^}]*\}?/.exec(pattern)?.[0];
    if (unknown !== undefined) failFunction('JSN-506', 'nameCandidates', `${unknown} is not one of {given}, {g}, {family}, {f}, {n}`);
  }
  return patterns;
}

/** One pattern filled in; signs around a part that is missing go with it. */
function fillPattern(pattern: string, given: string, family: string): string {
  const parts: Readonly<Record<string, string>> = { given, family, g: given.slice(0, 1), f: family.slice(0, 1) };
  return foldNickname(
    pattern.replaceAll(/\{(\w+)\}/g, (whole, name: string) => parts[name] ?? whole).replaceAll(/[._-]{2,}/g, (signs) => signs.charAt(0)),
  );
}

function listNames(given: string, family: string, patterns: readonly string[], count: number): string[] {
  const names = new Set<string>();
  for (const pattern of patterns) {
    const base = fillPattern(pattern.replaceAll('{n}', ''), given, family);
    if (base === '') continue;
    if (!pattern.includes('{n}')) names.add(base.slice(0, longestName));
    else
      for (let number = 2; names.size < count && number <= mostCandidates + 1; number++)
        names.add(fillNumbered(pattern, number, given, family));
  }
  return [...names].slice(0, count);
}

function fillNumbered(pattern: string, number: number, given: string, family: string): string {
  const name = fillPattern(pattern.replaceAll('{n}', String(number)), given, family);
  return name.length <= longestName ? name : withNumber(fillPattern(pattern.replaceAll('{n}', ''), given, family), number);
}

const count = { name: 'count', summary: `how many at most; ${String(defaultCount)} if left out`, optional: true } as const;

export const candidateFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'candidates',
    signature: '<(snl)(nl)?:a<s>>',
    group: 'names',
    purity: 'pure',
    summary:
      'Candidates for a unique value: the base, then the base with 2, 3, … behind it, each at most 64 characters. For `$selectUniqueValue`.',
    parameters: [{ name: 'base', summary: 'the value that is wanted' }, count],
    implementation: () => (value, most) => {
      const base = readText(value, 'candidates', 'base');
      const wanted = readCount(most, 'candidates');
      return base === undefined || base === '' ? undefined : listCandidates(base, wanted);
    },
    examples: [
      { expression: '$candidates("john.smith", 3)', result: ['john.smith', 'john.smith2', 'john.smith3'] },
      { expression: '$selectUniqueValue($candidates("john.smith"))', taken: ['john.smith', 'John.Smith2'], result: 'john.smith3' },
      { expression: '$candidates("a", 0)', fails: 'JSN-506' },
    ],
  },
  {
    name: 'nameCandidates',
    signature: '<(sl)(sl)x?(nl)?(sl)?:a<s>>',
    group: 'names',
    purity: 'pure',
    summary:
      'Candidates made of a name by patterns, in their order and without repetition, each folded as `$mailNickname` does and at most 64 characters. ' +
      '`{given}` and `{family}` are the names, `{g}` and `{f}` their first letters; a pattern with `{n}` gives as many numbered ones (2, 3, …) as are missing. ' +
      `Patterns if left out: ${defaultPatterns.map((pattern) => `\`${pattern}\``).join(', ')}.`,
    parameters: [
      { name: 'given', summary: 'given name' },
      { name: 'family', summary: 'family name' },
      { name: 'patterns', summary: 'a list of patterns', optional: true },
      count,
      { name: 'language', summary: `how the language writes its own letters: ${transliterationLanguages.join(', ')}`, optional: true },
    ],
    implementation: () => (given, family, patterns, most, language) => {
      const rules = readOption(language, transliterationLanguages, 'nameCandidates', 'language');
      const fold = (value: unknown, parameter: string): string => foldNickname(readText(value, 'nameCandidates', parameter) ?? '', rules);
      const names = listNames(fold(given, 'given'), fold(family, 'family'), readPatterns(patterns), readCount(most, 'nameCandidates'));
      return names.length === 0 ? undefined : names;
    },
    examples: [
      {
        expression: '$nameCandidates("Jörg", "Groß", null, 5)',
        result: ['jorg.gross', 'j.gross', 'jorg.g', 'jorg.gross2', 'jorg.gross3'],
      },
      { expression: '$nameCandidates("Jörg", "Groß", ["{g}{family}", "{family}{n}"], 3, "de")', result: ['jgross', 'gross2', 'gross3'] },
      { expression: '$nameCandidates("Cher", null, ["{given}.{family}", "{g}.{family}"])', result: ['cher', 'c'] },
      { expression: '$nameCandidates("A", "B", "{nick}")', fails: 'JSN-506' },
    ],
  },
];
