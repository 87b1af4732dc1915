import { executeSql, fillContoso } from '../samples/databases.ts';

/**
 * The clean company with a third of its people: everybody whom the scripts of the HR days name, everybody who manages somebody, and so many others that
 * what leaves on day 2 is not too much for the guard.
 */
export async function fillSmallContoso(url: string): Promise<void> {
  await fillContoso(url);
  await executeSql(
    url,
    'delete from person where person_id between 1100 and 3950 or person_id between 4200 and 4650 or person_id between 4820 and 5090',
  );
}
