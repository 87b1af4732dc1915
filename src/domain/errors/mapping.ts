import { defineErrors } from './define.ts';

export const mappingErrors = defineErrors({});
