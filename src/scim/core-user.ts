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

export const coreUser: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:User',
  attributes: [
    { name: 'userName', type: 'string', required: true },
    {
      name: 'name',
      type: 'complex',
      subAttributes: [
        { name: 'formatted', type: 'string' },
        { name: 'familyName', type: 'string' },
        { name: 'givenName', type: 'string' },
        { name: 'middleName', type: 'string' },
        { name: 'honorificPrefix', type: 'string' },
        { name: 'honorificSuffix', type: 'string' },
      ],
    },
    { name: 'displayName', type: 'string' },
    { name: 'nickName', type: 'string' },
    { name: 'profileUrl', type: 'reference' },
    { name: 'title', type: 'string' },
    { name: 'userType', type: 'string' },
    { name: 'preferredLanguage', type: 'string' },
    { name: 'locale', type: 'string' },
    { name: 'timezone', type: 'string' },
    { name: 'active', type: 'boolean' },
    { name: 'password', type: 'string', mutability: 'writeOnly' },
    {
      name: 'emails',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value', type: 'string' },
        { name: 'display', type: 'string' },
        { name: 'type', type: 'string', canonicalValues: ['work', 'home', 'other'] },
        { name: 'primary', type: 'boolean' },
      ],
    },
    {
      name: 'phoneNumbers',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value', type: 'string' },
        { name: 'display', type: 'string' },
        { name: 'type', type: 'string', canonicalValues: ['work', 'home', 'mobile', 'fax', 'pager', 'other'] },
        { name: 'primary', type: 'boolean' },
      ],
    },
    {
      name: 'ims',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value', type: 'string' },
        { name: 'display', type: 'string' },
        { name: 'type', type: 'string', canonicalValues: ['aim', 'gtalk', 'icq', 'xmpp', 'msn', 'skype', 'qq', 'yahoo'] },
        { name: 'primary', type: 'boolean' },
      ],
    },
    {
      name: 'photos',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value', type: 'reference' },
        { name: 'display', type: 'string' },
        { name: 'type', type: 'string', canonicalValues: ['photo', 'thumbnail'] },
        { name: 'primary', type: 'boolean' },
      ],
    },
    {
      name: 'addresses',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'formatted', type: 'string' },
        { name: 'streetAddress', type: 'string' },
        { name: 'locality', type: 'string' },
        { name: 'region', type: 'string' },
        { name: 'postalCode', type: 'string' },
        { name: 'country', type: 'string' },
        { name: 'type', type: 'string', canonicalValues: ['work', 'home', 'other'] },
      ],
    },
    {
      name: 'groups',
      type: 'complex',
      multiValued: true,
      mutability: 'readOnly',
      subAttributes: [
        { name: 'value', type: 'string', mutability: 'readOnly' },
        { name: '$ref', type: 'reference', mutability: 'readOnly' },
        { name: 'display', type: 'string', mutability: 'readOnly' },
        { name: 'type', type: 'string', mutability: 'readOnly', canonicalValues: ['direct', 'indirect'] },
      ],
    },
    {
      name: 'entitlements',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value', type: 'string' },
        { name: 'display', type: 'string' },
        { name: 'type', type: 'string' },
        { name: 'primary', type: 'boolean' },
      ],
    },
    {
      name: 'roles',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value', type: 'string' },
        { name: 'display', type: 'string' },
        { name: 'type', type: 'string' },
        { name: 'primary', type: 'boolean' },
      ],
    },
    {
      name: 'x509Certificates',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value', type: 'binary' },
        { name: 'display', type: 'string' },
        { name: 'type', type: 'string' },
        { name: 'primary', type: 'boolean' },
      ],
    },
  ],
};
