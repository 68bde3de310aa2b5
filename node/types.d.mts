// The same types for `import`.
export * from './types.js';
