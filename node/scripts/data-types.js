'use strict';
// Writes `data.d.ts`, the types of the data that crosses the boundary, from `include/gateway.schema.json`. `make gen` runs it;
// a test compares.

const fs = require('node:fs');
const path = require('node:path');

const SCHEMA = path.join(__dirname, '../../include/gateway.schema.json');
const FILE = path.join(__dirname, '../data.d.ts');

/** Arguments that the methods take by position. */
const BY_POSITION = new Set([
    'BackupTarget', 'DeadLetterQuery', 'KeyRef', 'ModelCall', 'NoArguments', 'PriceFile', 'ProviderChoice', 'ProviderRef',
    'TenantRef', 'Timeout', 'TraceRef',
]);

const HEADER = `/**
 * The data that crosses the boundary. Generated from \`include/gateway.schema.json\` by \`make gen\`; edits here are lost.
 */
`;

function dataTypes(schema = JSON.parse(fs.readFileSync(SCHEMA, 'utf8'))) {
    const named = Object.entries(schema.$defs).filter(([name]) => !BY_POSITION.has(name));
    return [HEADER, ...named.map(([name, definition]) => declaration(name, definition))].join('\n');
}

function declaration(name, definition) {
    const comment = documented(definition.description, '');
    if (definition.type === 'object' && definition.properties !== undefined) {
        return `${comment}export interface ${name} ${fields(definition)}\n`;
    }
    return `${comment}export type ${name} = ${typeOf(definition)};\n`;
}

function fields({ properties, required = [] }, indent = '    ') {
    const lines = Object.entries(properties).map(([name, property]) => {
        const optional = required.includes(name) ? '' : '?';
        return `${documented(property.description, indent)}${indent}${name}${optional}: ${typeOf(property)};`;
    });
    return `{\n${lines.join('\n')}\n${indent.slice(4)}}`;
}

/** A schema as a type. Only what the schema uses is known here: anything else is an error, not `any`. */
function typeOf(schema) {
    if (schema === true) {
        return 'any';
    }
    const { $ref, anyOf, oneOf, enum: values, const: value, type } = schema;
    if ($ref !== undefined) {
        return $ref.replace('#/$defs/', '');
    }
    if (anyOf !== undefined || oneOf !== undefined) {
        return union((anyOf ?? oneOf).map(typeOf));
    }
    if (value !== undefined || values !== undefined) {
        return union((values ?? [value]).map((value) => JSON.stringify(value).replaceAll('"', "'")));
    }
    if (type === undefined) {
        return 'any';
    }
    return union([type].flat().map((type) => plain(type, schema)));
}

function plain(type, { items, additionalProperties: values, properties, required }) {
    switch (type) {
        case 'array': {
            const item = typeOf(items);
            return item.includes('|') ? `(${item})[]` : `${item}[]`;
        }
        case 'object':
            return properties === undefined ? `Record<string, ${typeOf(values)}>` : fields({ properties, required });
        case 'integer':
            return 'number';
        case 'string': case 'number': case 'boolean': case 'null':
            return type;
        default:
            throw new Error(`there is no type for ${type}`);
    }
}

function union(types) {
    return [...new Set(types)].join(' | ');
}

/** A description as a comment, without what matters in Rust alone. */
function documented(text, indent) {
    if (text === undefined) {
        return '';
    }
    const said = text
        .replace(/(^|\s)Fields are added in minor versions:? ?[^.]*(\.\.[^.]*)?\./g, '')
        .replace(/ ?Every key is also read from the environment[^]*$/, '')
        .replace(/\(crate::[^)]*\)/g, '')
        .replace(/`None`/g, '`null`')
        .trim();
    if (said === '') {
        return '';
    }
    const lines = said.split('\n').map((line) => line.trimEnd());
    if (lines.length === 1) {
        return `${indent}/** ${said} */\n`;
    }
    return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */\n`].join('\n');
}

if (require.main === module) {
    fs.writeFileSync(FILE, dataTypes());
}

module.exports = { FILE, dataTypes };
