import type { FunctionDeclaration } from './declaration.ts';
import { isAbsent, readOption, readText } from './arguments.ts';
import { transliterate, transliterationLanguages, type TransliterationLanguage } from './transliteration.ts';

/** Entra ID refuses a longer mailNickname. */
const longestNickname = 64;

/** One part of a nickname: ASCII, small, only `a-z 0-9 . _ -`, neither starting nor ending with a sign, no two dots in a row. */
export function foldNickname(text: string, language?: TransliterationLanguage): string {
  return trimSigns(
    transliterate(text, language)
      .toLowerCase()
      .replaceAll(/[^a-z0-9._-]/g, '')
      .replaceAll(/\.{2,}/g, '.'),
  );
}

function trimSigns(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && '._-'.includes(text.charAt(start))) start++;
  while (end > start && '._-'.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Joined with dots, at most 64 characters; undefined when nothing is left. */
function joinNickname(parts: readonly string[]): string | undefined {
  const joined = parts.filter((part) => part !== '').join('.');
  const nickname = joined.length > longestNickname ? trimSigns(joined.slice(0, longestNickname)) : joined;
  return nickname === '' ? undefined : nickname;
}

const mailNickname: FunctionDeclaration = {
  name: 'mailNickname',
  signature: '<(sl)(sl)?(sl)?:s>',
  group: 'names',
  purity: 'pure',
  summary:
    'The mail nickname `given.family`: transliterated to ASCII, in small letters, only `a-z 0-9 . _ -` (blanks, apostrophes and every other sign go), ' +
    'no sign at either end of a part, no two dots in a row, at most 64 characters. A part that is missing is left out with its dot; ' +
    'nothing if no letter or digit is left. Applying it to its own result changes nothing.',
  parameters: [
    { name: 'given', summary: 'given name, or the whole text' },
    { name: 'family', summary: 'family name', optional: true },
    { name: 'language', summary: `how the language writes its own letters: ${transliterationLanguages.join(', ')}`, optional: true },
  ],
  implementation: () => (given, family, language) => {
    const rules = readOption(language, transliterationLanguages, 'mailNickname', 'language');
    const parts = [readText(given, 'mailNickname', 'given'), readText(family, 'mailNickname', 'family')];
    return joinNickname(parts.map((part) => (isAbsent(part) ? '' : foldNickname(part, rules))));
  },
  examples: [
    { expression: '$mailNickname("Łukasz", "Müller")', result: 'lukasz.muller' },
    { expression: '$mailNickname("Jörg", "Groß", "de")', result: 'joerg.gross' },
    { expression: '$mailNickname("Seán", "O\'Brien-van der Berg")', result: 'sean.obrien-vanderberg' },
    { expression: '$mailNickname(first_name, last_name)', input: { last_name: 'Øverland' }, result: 'overland' },
    { expression: '$mailNickname("!")', result: null },
  ],
};

export const nameFunctions: readonly FunctionDeclaration[] = [mailNickname];
