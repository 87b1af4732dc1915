import { maskValue } from '../../domain/masking.ts';
import { failFunction, isAbsent, readOption, readText } from './arguments.ts';
import { countries, countryAliases, type Country } from './country-table.ts';
import type { FunctionDeclaration } from './declaration.ts';
import { transliterate } from './transliteration.ts';

const forms = ['alpha2', 'alpha3', 'numeric', 'name'] as const;

/** The letters that two spellings of a name share: ASCII, small, `and` for `&`, `saint` for `st`, no article, no signs. */
function foldName(name: string): string {
  return transliterate(name)
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replaceAll(/\bst\b\.?/g, 'saint')
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .replace(/^the /, '')
    .trim();
}

const byCode = new Map(countries.flatMap((country) => [country.alpha2, country.alpha3, country.numeric].map((code) => [code, country])));
const byName = new Map(countries.flatMap((country) => [country.name, ...country.otherNames].map((name) => [foldName(name), country])));
const byAlias = new Map(Object.entries(countryAliases).map(([alias, code]) => [foldName(alias), code]));

/** The country of an ISO code in any case or of an English name. */
function findCountry(text: string): Country | undefined {
  const trimmed = text.trim();
  return byCode.get(trimmed.toUpperCase()) ?? byName.get(foldName(trimmed));
}

/** The ISO code that people mean by a name or code that is not in ISO 3166-1. */
function findAlias(text: string): Country | undefined {
  const code = byAlias.get(foldName(text));
  return code === undefined ? undefined : byCode.get(code);
}

/** The country, JSN-504 if there is none. Undefined for nothing and for blank text. */
export function readCountry(value: unknown, functionName: string, withAliases: boolean): Country | undefined {
  const text = readText(value, functionName, 'country')?.trim();
  if (text === undefined || text === '') return undefined;
  const country = findCountry(text);
  if (country !== undefined) return country;
  const alias = findAlias(text);
  if (alias === undefined) return failFunction('JSN-504', functionName, `${maskValue(text)} is no country of ISO 3166-1`);
  return withAliases
    ? alias
    : failFunction('JSN-504', functionName, `${JSON.stringify(text)} is not ISO 3166-1; ${alias.alpha2} (${alias.name}) is probably meant`);
}

const country = {
  name: 'country',
  summary: 'an ISO 3166-1 code of two or three letters or digits, or the English name; case does not count',
} as const;

export const countryFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'countryCode',
    signature: '<(snl)(sl)?b?:s>',
    group: 'phones and countries',
    purity: 'pure',
    summary:
      'The ISO 3166-1 code of a country; two letters unless another form is stated. What is not ISO (UK, EL, England, Holland, Deutschland) is an error that names the probable code, ' +
      'and is only taken with aliases. Nothing for nothing and for blank text.',
    parameters: [
      country,
      { name: 'form', summary: `one of ${forms.join(', ')}; alpha2 if left out`, optional: true },
      { name: 'aliases', summary: 'true to take names and codes that are not ISO', optional: true },
    ],
    implementation: () => (value, form, aliases) => {
      const wanted = readOption(form, forms, 'countryCode', 'form') ?? 'alpha2';
      return readCountry(value, 'countryCode', aliases === true)?.[wanted];
    },
    examples: [
      { expression: '$countryCode("deu")', result: 'DE' },
      { expression: '$countryCode("Côte d’Ivoire")', result: 'CI' },
      { expression: '$countryCode("CH", "alpha3")', result: 'CHE' },
      { expression: '$countryCode("kr", "name")', result: 'South Korea' },
      { expression: '$countryCode("UK")', fails: 'JSN-504' },
      { expression: '$countryCode("UK", "alpha2", true)', result: 'GB' },
      { expression: '$countryCode(country)', input: { country: ' ' }, result: null },
    ],
  },
  {
    name: 'isCountry',
    signature: '<x:b>',
    group: 'phones and countries',
    purity: 'pure',
    summary: 'Whether the text is an ISO 3166-1 code or an English name of a country. False for UK, EL and other aliases, and for nothing.',
    parameters: [country],
    implementation: () => (value) =>
      !isAbsent(value) && (typeof value === 'string' || typeof value === 'number') && findCountry(String(value)) !== undefined,
    examples: [
      { expression: '$isCountry("GB")', result: true },
      { expression: '$isCountry("UK")', result: false },
    ],
  },
];
