import anyAscii from 'any-ascii';

/**
 * How a language writes its own letters in ASCII, where that differs from dropping the mark (which any-ascii does).
 * German: DIN 5007-2 and passports. Danish, Norwegian: å is aa, ø is oe, æ is ae. Swedish and Finnish passports (ICAO 9303)
 * write å as aa, ä as ae and ö as oe.
 */
const languageRules = {
  de: { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', ẞ: 'ss' },
  da: { å: 'aa', ø: 'oe', æ: 'ae' },
  nb: { å: 'aa', ø: 'oe', æ: 'ae' },
  sv: { å: 'aa', ä: 'ae', ö: 'oe' },
  fi: { å: 'aa', ä: 'ae', ö: 'oe' },
  is: { ö: 'oe', ð: 'd', þ: 'th', æ: 'ae' },
  hr: { đ: 'dj' },
  sr: { đ: 'dj' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type TransliterationLanguage = keyof typeof languageRules;
export const transliterationLanguages: readonly TransliterationLanguage[] = ['de', 'da', 'nb', 'sv', 'fi', 'is', 'hr', 'sr'];

const rulesByLanguage: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map(Object.entries(languageRules));

/** Pictures and flags: any-ascii writes them as English words, which nobody wants in a name. */
const pictures = /[\p{Extended_Pictographic}\p{Regional_Indicator}\u{FE0F}\u{200D}]/gu;
const beyondAscii = /[^\0-\u007F]/;

/**
 * Text in ASCII: diacritics dropped, other scripts romanised (`Łukasz` → `Lukasz`, `Đặng` → `Dang`), pictures removed. With a
 * language, its own letters are written as its speakers do (`de`: `Müller` → `Mueller`). Capitals stay capitals; a replacement
 * of two letters is written `Ue` before a small letter or at the end of a word with small ones, `UE` in a word of capitals.
 */
export function transliterate(text: string, language?: TransliterationLanguage): string {
  if (!beyondAscii.test(text)) return text;
  let composed = text.normalize('NFC');
  const rules = language === undefined ? undefined : rulesByLanguage.get(language);
  if (rules !== undefined) composed = applyRules(composed, rules);
  return anyAscii(composed.replaceAll(pictures, ''));
}

function applyRules(text: string, rules: Readonly<Record<string, string>>): string {
  let out = '';
  for (let index = 0; index < text.length; index++) {
    const letter = text.charAt(index);
    const own = rules[letter];
    if (own !== undefined) {
      out += own;
      continue;
    }
    const small = letter.toLowerCase();
    const replacement = small === letter ? undefined : rules[small];
    if (replacement === undefined) {
      out += letter;
      continue;
    }
    const next = text.charAt(index + 1);
    const neighbour = isLetter(next) ? next : text.charAt(index - 1);
    out += isCapital(neighbour) ? replacement.toUpperCase() : replacement.charAt(0).toUpperCase() + replacement.slice(1);
  }
  return out;
}

function isCapital(letter: string): boolean {
  return letter !== letter.toLowerCase();
}

function isLetter(letter: string): boolean {
  return letter.toLowerCase() !== letter.toUpperCase();
}
