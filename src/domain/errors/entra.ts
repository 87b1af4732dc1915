import { defineErrors } from './define.ts';

export const entraErrors = defineErrors({});
