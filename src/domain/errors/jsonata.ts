import { defineErrors } from './define.ts';

export const jsonataErrors = defineErrors({
  'JSN-501': {
    title: 'A function was given a value that it cannot take',
    exit: 'rejections',
    why: 'The function would have to guess what the value means, and the guess would reach an account.',
    fix: 'Give the function the form that its reference page states, or convert the value first.',
  },
  'JSN-502': {
    title: 'A date is not in the form that was stated',
    exit: 'rejections',
    why: 'Days and months change places unseen when a date is read in another form than it was written in.',
    fix: 'State the form of the column with $parseDate(value, "dd.MM.yyyy"), or correct the value at its source.',
  },
  'JSN-503': {
    title: 'A time zone is not known',
    exit: 'rejections',
    why: 'Without the zone nobody can say on which day an instant falls.',
    fix: 'Use an IANA name such as Europe/Berlin, or a fixed offset such as +01:00.',
  },
  'JSN-504': {
    title: 'A country is not in ISO 3166-1',
    exit: 'rejections',
    why: 'Entra ID takes two-letter ISO codes for usageLocation and country; a near miss is licensed for the wrong country.',
    fix: 'Correct the value at its source, or allow well-known other names with $countryCode(value, "alpha2", true).',
  },
  'JSN-505': {
    title: 'A phone number is not valid',
    exit: 'rejections',
    why: 'A number that no network can call is worse than none: it is used for sign-in and recovery.',
    fix: 'State the country of national numbers, test with $isPhone(value, country), or correct the value at its source.',
  },
  'JSN-506': {
    title: 'A function was given an option that it does not have',
    exit: 'rejections',
    why: 'An option that is ignored looks like one that works.',
    fix: 'Use one of the options that the reference page of the function lists.',
  },
  'JSN-507': {
    title: 'Every candidate for a unique value is taken',
    exit: 'rejections',
    why: 'Two accounts cannot share the value. The provisioning service holds such an entry back too and writes it to its log.',
    fix: 'Add another candidate, or set the value for this worker at its source.',
  },
  'JSN-508': {
    title: 'An index is outside the list',
    exit: 'rejections',
    why: 'There is no value at that position; the first one has index 1.',
    fix: 'Test the number of values first.',
  },
  'JSN-509': {
    title: 'A regular expression cannot be used',
    exit: 'rejections',
    why: 'It is not a regular expression of .NET that JavaScript can run with the same result, or it can take for ever on some value.',
    fix: 'Write it without nested repetition and without constructs that only .NET has.',
  },
  'JSN-510': {
    title: 'The mapping refused this worker',
    exit: 'rejections',
    why: 'The expression calls Error() for values like these.',
    fix: 'Correct the value at its source, or change the expression.',
  },
});
