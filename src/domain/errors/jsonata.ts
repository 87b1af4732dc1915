import { defineErrors } from './define.ts';

export const jsonataErrors = defineErrors({});
