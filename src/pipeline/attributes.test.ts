import { describe, expect, it } from 'vitest';
import { attribute, design, edit, enterprise, loaded } from './design.test-data.ts';

describe('attributes', () => {
  it('are kept for life, cleared, classified and literal as their options say', () => {
    const pipeline = loaded(
      edit([
        '    displayName: $given & " " & last_name\n',
        '    displayName: { value: $given, empty: reject, class: sensitive }\n    title: { const: "Dr. #1: {x}" }\n    nickName: { once: $given, onChange: rename }\n    locale: null\n    userType: 4\n',
      ]),
    );
    expect(attribute(pipeline, 'displayName')).toMatchObject({ empty: 'reject', class: 'sensitive', once: false });
    expect(attribute(pipeline, 'title').formula).toMatchObject({ kind: 'literal', value: 'Dr. #1: {x}' });
    expect(attribute(pipeline, 'nickName')).toMatchObject({ once: true, renames: true });
    expect(attribute(pipeline, 'locale').formula).toMatchObject({ kind: 'literal', value: null });
    expect(attribute(pipeline, 'userType').formula).toMatchObject({ kind: 'literal', value: 4 });
    expect(attribute(pipeline, 'active')).toMatchObject({ empty: 'reject', class: 'public', once: false });
    expect(attribute(pipeline, `${enterprise}:department`)).toMatchObject({ empty: 'clear', class: 'personal' });
  });

  it('are sensitive where they are made of a sensitive column, directly or through a let, unless their own class says otherwise', () => {
    const declared: readonly [string, string] = [
      '    site_zone: { type: string }\n',
      '    site_zone: { type: string }\n    preferred_name: { type: string, class: sensitive }\n',
    ];
    const pipeline = loaded(
      edit(declared, [
        '      familyName: last_name\n',
        '      familyName: last_name\n      formatted: { value: $given, class: personal }\n',
      ]),
    );
    expect(attribute(pipeline, 'displayName').class).toBe('sensitive');
    expect(attribute(pipeline, 'name.givenName').class).toBe('sensitive');
    expect(attribute(pipeline, 'name.familyName').class).toBe('personal');
    expect(attribute(pipeline, 'name.formatted').class).toBe('personal');
    expect(pipeline.source.columns?.find(({ name }) => name === 'preferred_name')?.class).toBe('sensitive');
  });

  it('keep userName for life unless its long form says value', () => {
    const once = 'userName: { once: \'$mailNickname($given, last_name) & "@contoso.example"\' }';
    expect(attribute(loaded(design), 'userName').once).toBe(true);
    expect(attribute(loaded(edit([once, 'userName: email'])), 'userName').once).toBe(true);
    expect(attribute(loaded(edit([once, 'userName: { value: email }'])), 'userName').once).toBe(false);
  });

  it('have parts where a value of a multi-valued attribute names them', () => {
    const pipeline = loaded(
      edit(['      work: email\n', '      work: { value: email, primary: true }\n      home: { value: private, class: sensitive }\n']),
    );
    expect(attribute(pipeline, 'emails[type eq "work"].primary').formula).toMatchObject({ kind: 'literal', value: true });
    expect(attribute(pipeline, 'emails[type eq "work"].value').formula).toMatchObject({ text: 'email' });
    expect(attribute(pipeline, 'emails[type eq "home"].value').class).toBe('sensitive');
  });

  it('may be written under the URN of their schema', () => {
    const pipeline = loaded(
      edit(['    enterprise:\n', `    urn:ietf:params:scim:schemas:core:2.0:User: { title: job_title }\n    ${enterprise}:\n`]),
    );
    expect(attribute(pipeline, 'title').formula.path).toBe('transform.attributes.urn:ietf:params:scim:schemas:core:2.0:User.title');
    expect(attribute(pipeline, `${enterprise}:manager.value`).formula).toMatchObject({ text: 'manager_id' });
  });

  it.each(['department', 'enterprise.department', `${enterprise}:department`, 'Department'])(
    'can be listed in sink.clearing as %s',
    (name) => {
      expect(loaded(edit(['clearing: [department]', `clearing: ["${name}"]`])).sink.clearing).toEqual([`${enterprise}:department`]);
    },
  );

  it('come through merge keys and aliases as if they were written out', () => {
    const pipeline = loaded(
      edit(
        ['    displayName: $given & " " & last_name\n', '    displayName: &full $given & " " & last_name\n    nickName: *full\n'],
        ['      work: email\n', '      work: &mail { value: email, class: sensitive }\n      other: { <<: *mail, value: backup }\n'],
      ),
    );
    expect(attribute(pipeline, 'nickName').formula).toMatchObject({
      text: '$given & " " & last_name',
      path: 'transform.attributes.nickName',
    });
    expect(attribute(pipeline, 'emails[type eq "other"].value')).toMatchObject({ class: 'sensitive', formula: { text: 'backup' } });
  });
});
