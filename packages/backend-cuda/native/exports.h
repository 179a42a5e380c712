// The addon's functions; each says at its definition what it takes. What may block for longer than
// memory takes to be given returns a promise.
#pragma once

#include <napi.h>

namespace rk {

// Loading and looking.
Napi::Value FindDriver(const Napi::CallbackInfo& info);
Napi::Value ListDevices(const Napi::CallbackInfo& info);
Napi::Value ListStatus(const Napi::CallbackInfo& info);
Napi::Value StartDriver(const Napi::CallbackInfo& info);
Napi::Value Open(const Napi::CallbackInfo& info);
Napi::Value Free(const Napi::CallbackInfo& info);
// Memory.
Napi::Value AllocateDevice(const Napi::CallbackInfo& info);
Napi::Value CopyToDevice(const Napi::CallbackInfo& info);
Napi::Value CopyFromDevice(const Napi::CallbackInfo& info);
Napi::Value CopyPeerToPeer(const Napi::CallbackInfo& info);
Napi::Value AllocateHost(const Napi::CallbackInfo& info);
Napi::Value RegisterHost(const Napi::CallbackInfo& info);
// Programs.
Napi::Value FindCompiler(const Napi::CallbackInfo& info);
Napi::Value Compile(const Napi::CallbackInfo& info);
Napi::Value LoadModule(const Napi::CallbackInfo& info);
Napi::Value GetFunction(const Napi::CallbackInfo& info);
// Running.
Napi::Value CreateStream(const Napi::CallbackInfo& info);
Napi::Value SetKillWord(const Napi::CallbackInfo& info);
Napi::Value Launch(const Napi::CallbackInfo& info);
Napi::Value Query(const Napi::CallbackInfo& info);
// Waking.
Napi::Value StartWaker(const Napi::CallbackInfo& info);
Napi::Value WatchRing(const Napi::CallbackInfo& info);
Napi::Value ArmWaker(const Napi::CallbackInfo& info);
Napi::Value RefWaker(const Napi::CallbackInfo& info);
Napi::Value StopWaker(const Napi::CallbackInfo& info);

}  // namespace rk
