/**
 * What a worker thread has without importing it, in every supported release of Node. Not read from `globalThis`, to
 * which test runners and users add what a worker does not have.
 */
export const hostGlobals: ReadonlySet<string> = new Set(
  `undefined NaN Infinity globalThis global arguments
  Object Function Array Number Boolean String Symbol BigInt Date Promise RegExp JSON Math Intl Reflect Proxy
  Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError DOMException
  Map Set WeakMap WeakSet WeakRef FinalizationRegistry
  ArrayBuffer SharedArrayBuffer DataView Atomics WebAssembly
  Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array
  BigInt64Array BigUint64Array Float32Array Float64Array
  parseFloat parseInt isFinite isNaN
  decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape
  console process Buffer performance crypto
  setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate
  queueMicrotask structuredClone atob btoa fetch
  URL URLSearchParams AbortController AbortSignal Event EventTarget CustomEvent MessageEvent
  TextEncoder TextDecoder TextEncoderStream TextDecoderStream CompressionStream DecompressionStream
  ReadableStream ReadableStreamDefaultReader ReadableStreamBYOBReader
  WritableStream WritableStreamDefaultWriter TransformStream
  ByteLengthQueuingStrategy CountQueuingStrategy
  Blob File FormData Headers Request Response
  BroadcastChannel MessageChannel MessagePort
  Crypto CryptoKey SubtleCrypto
  Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver`.split(/\s+/),
);
