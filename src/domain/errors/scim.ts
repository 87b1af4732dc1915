import { defineErrors } from './define.ts';

export const scimErrors = defineErrors({});
