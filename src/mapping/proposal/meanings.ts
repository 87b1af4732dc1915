import type { TextForm } from '../../pipeline/survey.ts';

/** What a column may be about. */
export type Meaning = keyof typeof meanings;

export interface MeaningEntry {
  /** Names in small letters without blanks and signs; umlauts written out. */
  readonly names: string;
  /** As messages call it. */
  readonly words: string;
  /** The attribute that is made of it, as it is nested in a pipeline. */
  readonly attribute?: readonly string[];
  /** What its values look like; without it any text. */
  readonly forms?: readonly TextForm[];
  /** Said of everybody in a department or at a site, so of nobody. */
  readonly isOrganisation?: true;
  /** Never needed for an account. */
  readonly isSensitive?: true;
}

const name: readonly TextForm[] = ['words', 'country', 'language', 'other'];

/** English and German as HR systems name their columns, some French; what is not here is not guessed. */
export const meanings = {
  workerId: {
    names:
      'workerid workernumber workerno employeeid employeenumber employeeno employeenr empid empno empnr staffid staffnumber staffno personid personnumber personnelnumber personnelid personnelno personnelnr pernr persnr personalnummer personalnr mitarbeiterid mitarbeiternummer mitarbeiternr manr matricule badgeid',
    words: 'the number of a worker',
    attribute: ['enterprise', 'employeeNumber'],
  },
  active: {
    names: 'active isactive aktiv istaktiv employed isemployed beschaeftigt enabled isenabled activeflag aktivkz',
    words: 'whether somebody works here',
  },
  inactive: {
    names:
      'inactive isinactive inaktiv terminated isterminated hasleft isleaver ausgeschieden istausgeschieden ausgetreten deleted isdeleted geloescht',
    words: 'whether somebody has left',
  },
  status: {
    names: 'status workerstatus employeestatus employmentstatus empstatus personstatus mitarbeiterstatus beschaeftigungsstatus',
    words: 'the state of an employment',
  },
  firstDay: {
    names:
      'hiredate startdate startday firstday firstworkday dateofhire employmentstart entrydate joindate joiningdate eintritt eintrittsdatum eintrittam einstellungsdatum beginn beschaeftigtseit dateembauche',
    words: 'the first day of an employment',
  },
  lastDay: {
    names:
      'lastday enddate endday lastworkday lastdayofwork terminationdate dateofleaving leavedate leavingdate exitdate employmentend austritt austrittsdatum austrittam austrittzum ende vertragsende',
    words: 'the last day of an employment',
  },
  isPrimary: {
    names:
      'isprimary primary primaryassignment isprimaryassignment mainassignment ismain hauptbeschaeftigung isthauptbeschaeftigung hauptvertrag',
    words: 'which of several rows of a worker counts',
  },
  changedAt: {
    names:
      'updatedat updated lastupdated lastupdate modifiedat modified modifiedon lastmodified changedat changedon lastchange lastchanged geaendertam geaendert aenderungsdatum letzteaenderung',
    words: 'when a row was changed',
  },
  zone: { names: 'timezone zone sitezone zeitzone tz', words: 'a time zone', forms: ['zone'] },
  givenName: {
    names: 'firstname givenname forename fname vorname prenom',
    words: 'a given name',
    attribute: ['name', 'givenName'],
    forms: name,
  },
  familyName: {
    names: 'lastname surname familyname lname sname nachname familienname zuname nomdefamille',
    words: 'a family name',
    attribute: ['name', 'familyName'],
    forms: name,
  },
  preferredName: { names: 'preferredname preferredfirstname knownas rufname', words: 'the name somebody goes by', forms: name },
  nickName: { names: 'nickname spitzname', words: 'a nickname', attribute: ['nickName'], forms: name },
  middleName: { names: 'middlename secondname zweitervorname', words: 'a middle name', attribute: ['name', 'middleName'], forms: name },
  displayName: {
    names: 'fullname displayname anzeigename vollername namekomplett completename',
    words: 'a whole name',
    attribute: ['displayName'],
    forms: name,
  },
  honorificPrefix: {
    names: 'honorificprefix nameprefix academictitle akademischertitel titel',
    words: 'a title before the name',
    attribute: ['name', 'honorificPrefix'],
    forms: name,
  },
  jobTitle: {
    names: 'jobtitle job title position positiontitle jobname role stelle stellenbezeichnung funktion berufsbezeichnung taetigkeit poste',
    words: 'a job title',
    attribute: ['title'],
    forms: [...name, 'code'],
    isOrganisation: true,
  },
  userType: {
    names:
      'workertype employeetype emptype usertype persontype employmenttype mitarbeitertyp mitarbeiterart beschaeftigungsart vertragsart',
    words: 'a kind of worker',
    attribute: ['userType'],
    isOrganisation: true,
  },
  principalName: {
    names:
      'userprincipalname upn loginname login username userid samaccountname accountname benutzername benutzerkennung kennung anmeldename',
    words: 'a name to sign in with',
  },
  email: {
    names: 'email mail emailaddress mailaddress workemail businessemail companyemail emailwork dienstemail dienstmail geschaeftlicheemail',
    words: 'an e-mail address',
    attribute: ['emails', 'work'],
    forms: ['email'],
  },
  phone: {
    names:
      'phone phonenumber telephone telephonenumber workphone officephone businessphone phonework telefon telefonnummer telefonnr diensttelefon tel durchwahl extension',
    words: 'a telephone number',
    attribute: ['phoneNumbers', 'work'],
    forms: ['phone', 'digits', 'code'],
  },
  street: {
    names: 'street streetaddress addressline1 address1 workstreet officestreet strasse strassehausnummer strassehausnr strassenr rue',
    words: 'a street',
    attribute: ['addresses', 'work', 'streetAddress'],
    forms: ['words', 'other', 'code'],
  },
  city: {
    names: 'city town worklocationcity officecity ort stadt standort worklocation ville',
    words: 'a city',
    attribute: ['addresses', 'work', 'locality'],
    forms: name,
  },
  region: {
    names: 'region stateprovince province bundesland',
    words: 'a region',
    attribute: ['addresses', 'work', 'region'],
    forms: [...name, 'code'],
  },
  postalCode: {
    names: 'postalcode postcode zip zipcode plz postleitzahl codepostal',
    words: 'a postal code',
    attribute: ['addresses', 'work', 'postalCode'],
    forms: ['digits', 'code', 'other', 'phone'],
  },
  country: {
    names: 'country countrycode countryiso isocountry land laendercode landcode landkz laenderkennzeichen laenderkuerzel pays',
    words: 'a country',
    attribute: ['addresses', 'work', 'country'],
    forms: ['country'],
  },
  language: {
    names: 'language preferredlanguage languagecode locale sprache sprachcode',
    words: 'a language',
    attribute: ['preferredLanguage'],
    forms: ['language'],
  },
  department: {
    names: 'department departmentname dept deptname orgunit abteilung abteilungsname organisationseinheit orgeinheit',
    words: 'a department',
    attribute: ['enterprise', 'department'],
    isOrganisation: true,
  },
  division: {
    names: 'division divisionname businessunit bereich geschaeftsbereich sparte',
    words: 'a division',
    attribute: ['enterprise', 'division'],
    isOrganisation: true,
  },
  costCenter: {
    names: 'costcenter costcentre costcentercode costcentrecode kostenstelle kst',
    words: 'a cost centre',
    attribute: ['enterprise', 'costCenter'],
    isOrganisation: true,
  },
  organization: {
    names: 'company companyname organization organisation legalentity employer firma gesellschaft unternehmen arbeitgeber societe',
    words: 'a company',
    attribute: ['enterprise', 'organization'],
    isOrganisation: true,
  },
  manager: {
    names:
      'managerid managernumber manageremployeeid managerworkerid supervisorid supervisor reportsto manager bossid vorgesetzter vorgesetzterid vorgesetztenid vorgesetztennr fuehrungskraft fuehrungskraftid leiterid',
    words: 'the number of a manager',
    attribute: ['enterprise', 'manager'],
  },
  personal: {
    names:
      'birthdate dateofbirth dob birthday geburtsdatum geburtstag geburtsort geburtsname birthplace maidenname gender sex genderpronoun pronoun pronouns geschlecht ssn socialsecuritynumber nationalid nationalinsurancenumber passport passportnumber taxid steuerid steuernummer sozialversicherungsnummer svnummer svnr rentenversicherungsnummer ausweisnummer salary pay wage grosspay gehalt lohn verguetung bonus iban bic bankaccount kontonummer bank religion konfession kirchensteuer nationality nationalitaet staatsangehoerigkeit citizenship ethnicity race maritalstatus familienstand children kinder disability behinderung schwerbehinderung gdb unionmember gewerkschaft health sickdays krankheitstage bloodtype photo foto lichtbild emergencycontact notfallkontakt privatephone privateemail homephone homeemail personalemail privatemail homeaddress privateaddress homestreet homecity wohnort anschrift address adresse mobile mobilephone handy handynummer cell cellphone privattelefon privatemailadresse handyprivat privatadresse password passwort passwordhash',
    words: 'something personal that no account needs',
    isSensitive: true,
  },
} as const satisfies Readonly<Record<string, MeaningEntry>>;

/** The entry in the declared shape. */
export function entryOf(meaning: Meaning): MeaningEntry {
  return meanings[meaning];
}

const byName = new Map(
  Object.entries(meanings).flatMap(([meaning, { names }]) => names.split(' ').map((each): [string, string] => [each, meaning])),
);
/** Words that HR systems put before each column of a person; without them the rest is the name. */
const prefixes = /^(?:worker|employee|emp|staff|person|personal|hr|ma|mitarbeiter|office|work)(?=[a-z]{3})/;

/** What a column of this name is about; undefined: the name is not known. */
export function meaningOf(column: string): Meaning | undefined {
  const plain = foldName(column);
  const found = byName.get(plain) ?? byName.get(plain.replace(prefixes, ''));
  return found !== undefined && isMeaning(found) ? found : undefined;
}

function isMeaning(word: string): word is Meaning {
  return word in meanings;
}

/** `E-Mail`, `e_mail` and `EMail` are one name; `Straße` is `strasse`, `Größe` is `groesse`. */
function foldName(column: string): string {
  return column
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .normalize('NFC')
    .replaceAll('ä', 'ae')
    .replaceAll('ö', 'oe')
    .replaceAll('ü', 'ue')
    .normalize('NFD')
    .replaceAll(/[^a-z0-9]/g, '');
}

/** The name says that it is about the place of work, and not about somebody's home. */
export function saysWork(column: string): boolean {
  return /work|office|business|company|dienst|geschaeft|buero|standort|site/.test(foldName(column));
}
