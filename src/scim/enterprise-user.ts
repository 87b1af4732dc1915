/*
 * Data of RFC 7643's schema representations as published in github.com/AzureAD/entra-id-inbound-provisioning
 * (PowerShell/CSV2SCIM/src/ScimSchemaRepresentations), descriptions left out.
 *
 * MIT License. Copyright (c) Microsoft Corporation.
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files
 * (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge,
 * publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do
 * so, subject to the following conditions: the above copyright notice and this permission notice shall be included in all copies or
 * substantial portions of the Software.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
 * MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE
 * FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
 * CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
 */
import type { Schema } from './schema.ts';

export const enterpriseUser: Schema = {
  id: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  attributes: [
    { name: 'employeeNumber', type: 'string' },
    { name: 'costCenter', type: 'string' },
    { name: 'organization', type: 'string' },
    { name: 'division', type: 'string' },
    { name: 'department', type: 'string' },
    {
      name: 'manager',
      type: 'complex',
      subAttributes: [
        { name: 'value', type: 'string' },
        { name: '$ref', type: 'reference' },
        { name: 'displayName', type: 'string', mutability: 'readOnly' },
      ],
    },
  ],
};
