import { createRequire } from 'node:module';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/min';
import { maskValue } from '../../domain/masking.ts';
import { failFunction, readOption, readText } from './arguments.ts';
import { readCountry } from './countries.ts';
import type { FunctionDeclaration } from './declaration.ts';

type PhoneLibrary = typeof import('libphonenumber-js/min');

let library: PhoneLibrary | undefined;

/** Loaded at the first number: its metadata take as long to load as everything else together, and most mappings have no phones. */
function loadLibrary(): PhoneLibrary {
  if (library !== undefined) return library;
  const loaded: PhoneLibrary = createRequire(import.meta.url)('libphonenumber-js/min');
  library = loaded;
  return loaded;
}

/** The number if it is valid in its country; parsing alone also accepts numbers that do not exist. */
function parsePhone(text: string, region: string | undefined, functionName: string): PhoneNumber | undefined {
  const { isSupportedCountry, parsePhoneNumberFromString } = loadLibrary();
  let country: CountryCode | undefined;
  if (region !== undefined) {
    if (!isSupportedCountry(region)) return failFunction('JSN-504', functionName, `there are no phone numbers of ${region}`);
    country = region;
  }
  const number = parsePhoneNumberFromString(text, { extract: false, ...(country === undefined ? {} : { defaultCountry: country }) });
  return number?.isValid() === true ? number : undefined;
}

function readPhone(value: unknown, countryValue: unknown, functionName: string): PhoneNumber | undefined {
  const text = readText(value, functionName, 'phone')?.trim();
  if (text === undefined || text === '') return undefined;
  const country = readCountry(countryValue, functionName, false);
  const number = parsePhone(text, country?.alpha2, functionName);
  if (number !== undefined) return number;
  const where = country === undefined ? ' without a country' : ` in ${country.alpha2}`;
  return failFunction(
    'JSN-505',
    functionName,
    `${maskValue(text)} (${String(text.length)} characters) is not a valid phone number${where}`,
  );
}

const phone = { name: 'phone', summary: 'the number as people write it' } as const;
const country = { name: 'country', summary: 'the country of numbers without country code, ISO 3166-1', optional: true } as const;
const styles = ['international', 'national', 'e164', 'rfc3966'] as const;

export const phoneFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'e164',
    signature: '<(snl)(sl)?:s>',
    group: 'phones and countries',
    purity: 'pure',
    summary:
      'The number in E.164, `+` and at most 15 digits, without its extension. A number that is not valid in its country is an error; test with `$isPhone` to leave it out. ' +
      'Nothing for nothing and for blank text. Applying it to its own result changes nothing.',
    parameters: [phone, country],
    implementation: () => (value, region) => readPhone(value, region, 'e164')?.number,
    examples: [
      { expression: '$e164("030 901820", "DE")', result: '+4930901820' },
      { expression: '$e164("+44 (0)20 7946 0018")', result: '+442079460018' },
      { expression: '$e164("112", "DE")', fails: 'JSN-505' },
      { expression: '$isPhone(phone, "DE") ? $e164(phone, "DE")', input: { phone: 'ask reception' }, result: null },
      { expression: '$e164(" ")', result: null },
    ],
  },
  {
    name: 'formatPhone',
    signature: '<(snl)(sl)?(sl)?:s>',
    group: 'phones and countries',
    purity: 'pure',
    summary:
      'The number as people of its country write it; with blanks after `+` and the country code (`international`) unless another style is stated. Errors as `$e164`.',
    parameters: [phone, country, { name: 'style', summary: `one of ${styles.join(', ')}`, optional: true }],
    implementation: () => (value, region, style) => {
      const wanted = readOption(style, styles, 'formatPhone', 'style') ?? 'international';
      const number = readPhone(value, region, 'formatPhone');
      if (wanted === 'international') return number?.formatInternational();
      if (wanted === 'national') return number?.formatNational();
      return wanted === 'e164' ? number?.number : number?.getURI();
    },
    examples: [
      { expression: '$formatPhone("030 901820", "DE")', result: '+49 30 901820' },
      { expression: '$formatPhone("+442079460018", null, "national")', result: '020 7946 0018' },
    ],
  },
  {
    name: 'isPhone',
    signature: '<x(sl)?:b>',
    group: 'phones and countries',
    purity: 'pure',
    summary: 'Whether the text is a phone number that is valid in its country. False for nothing.',
    parameters: [phone, country],
    implementation: () => (value, region) => {
      if (typeof value !== 'string' && typeof value !== 'number') return false;
      return parsePhone(String(value).trim(), readCountry(region, 'isPhone', false)?.alpha2, 'isPhone') !== undefined;
    },
    examples: [
      { expression: '$isPhone("030 901820", "DE")', result: true },
      { expression: '$isPhone("+112")', result: false },
      { expression: '$isPhone(missing)', result: false },
    ],
  },
];
