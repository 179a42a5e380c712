export {
  type DiagnosticCode,
  diagnosticTitles,
  type FaultCode,
  faultTitles,
  targetTitles,
} from './codes.ts';
export { CompileError, type Diagnostic, formatDiagnostic } from './compile-error.ts';
export { codeFrame, formatPosition, type Located, type SourcePosition } from './frame.ts';
