(func $Wire
  (local 1 i32)
  global.get 1
  local.get 0
  global.get 2
  i32.mul
  i32.add
  local.set 2
  local.get 2
  global.get 0
  i32.load offset=64
  i32.store)

(func $Token
  (local 1 i32)
  (local 1 f32)
  (local 1 i32)
  (local 1 i32)
  (local 1 i32)
  global.get 1
  local.get 0
  global.get 2
  i32.mul
  i32.add
  local.set 4
  local.get 4
  local.get 4
  i32.load offset=4
  i32.const 1
  i32.add
  i32.store offset=4
  local.get 4
  local.get 4
  i32.load offset=4
  i32.const 4
  i32.rem_u
  i32.const 4
  i32.mul
  i32.add
  global.get 0
  i32.load offset=68
  i32.store offset=12
  global.get 0
  i32.load offset=68
  local.set 2
  local.get 2
  local.get 2
  i32.const 13
  i32.shl
  i32.xor
  local.set 2
  local.get 2
  local.get 2
  i32.const 17
  i32.shr_u
  i32.xor
  local.set 2
  local.get 2
  local.get 2
  i32.const 5
  i32.shl
  i32.xor
  local.set 2
  local.get 4
  local.get 4
  i32.load offset=8
  local.get 2
  i32.xor
  i32.const 16777619
  i32.mul
  global.get 5
  local.get 0
  i32.add
  i32.add
  i32.store offset=8
  local.get 0
  local.get 1
  call 14
  i32.const 8
  i32.shr_u
  f32.convert_i32_s
  f32.const 5.960464477539063e-8
  f32.mul
  local.set 3
  local.get 4
  local.get 4
  f32.load offset=28
  local.get 3
  f32.const 0.5
  f32.sub
  f32.add
  f32.store offset=28
  global.get 0
  i32.load offset=64
  i32.const 0
  i32.gt_s
  if
    local.get 4
    i32.load
    local.set 5
    global.get 0
    global.get 0
    i32.load offset=64
    i32.const 1
    i32.sub
    i32.store offset=128
    global.get 0
    local.get 2
    i32.store offset=132
    local.get 0
    local.get 1
    local.get 5
    i32.const 810311550
    i32.const 8
    i32.const 1
    call 0
  else
    global.get 0
    local.get 2
    i32.store offset=128
    global.get 0
    local.get 4
    i32.load offset=8
    i32.store offset=132
    global.get 0
    local.get 4
    f32.load offset=28
    f32.store offset=136
    local.get 0
    local.get 1
    i32.const 1012895137
    i32.const 12
    call 2
  end)

(func $run
  local.get 2
  i32.const 0
  i32.eq
  if
    local.get 0
    local.get 1
    call 15
    return
  end
  local.get 2
  i32.const 1
  i32.eq
  if
    local.get 0
    local.get 1
    call 16
    return
  end)
