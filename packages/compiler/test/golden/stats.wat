(func $bucket
  (local 1 i32)
  (local 1 i32)
  i32.const 0
  local.set 3
  i32.const 0
  local.set 4
  block
    loop
      local.get 4
      i32.const 5
      i32.lt_s
      i32.eqz
      br_if 1
      block
        local.get 2
        global.get 0
        local.get 4
        i32.const 4
        i32.mul
        i32.add
        f32.load
        f32.ge
        if
          local.get 3
          i32.const 1
          i32.add
          local.set 3
        end
      end
      local.get 4
      i32.const 1
      i32.add
      local.set 4
      br 0
    end
  end
  local.get 3
  return
  i32.const 0)

(func $Batch
  (local 1 i32)
  (local 1 f32)
  (local 1 f32)
  (local 1 f32)
  (local 1 i32)
  (local 1 i32)
  (local 1 f32)
  (local 1 f32)
  (local 1 f32)
  (local 1 f32)
  (local 1 f32)
  (local 1 f32)
  (local 1 i32)
  (local 1 i32)
  (local 1 f32)
  (local 1 f32)
  (local 1 f32)
  (local 1 f32)
  (local 1 i32)
  (local 1 i32)
  (local 1 i32)
  (local 1 i32)
  global.get 1
  local.get 0
  global.get 2
  i32.mul
  i32.add
  local.set 15
  i32.const 0
  local.set 2
  global.get 0
  i32.load offset=128
  local.set 6
  local.get 15
  i32.load
  local.set 7
  local.get 15
  f32.load offset=4
  local.set 8
  local.get 15
  f32.load offset=8
  local.set 9
  local.get 15
  f32.load offset=12
  local.set 10
  local.get 15
  f32.load offset=16
  local.set 11
  local.get 15
  f32.load offset=20
  local.set 12
  block
    loop
      local.get 2
      i32.const 8
      i32.lt_u
      i32.eqz
      br_if 1
      block
        local.get 2
        local.get 6
        i32.ge_u
        if
          br 3
        end
        global.get 0
        local.get 2
        i32.const 4
        i32.mul
        i32.add
        f32.load offset=132
        local.set 3
        local.get 7
        i32.const 1
        i32.add
        local.set 7
        local.get 3
        local.get 8
        f32.sub
        local.set 4
        local.get 8
        local.get 4
        local.get 7
        f32.convert_i32_u
        f32.div
        f32.add
        local.set 8
        local.get 3
        local.get 8
        f32.sub
        local.set 13
        local.get 9
        local.get 4
        local.get 13
        f32.mul
        f32.add
        local.set 9
        local.get 7
        i32.const 1
        i32.eq
        if (result f32)
          local.get 3
        else
          local.get 10
          local.get 3
          local.set 17
          local.set 16
          local.get 16
          local.get 17
          local.get 16
          local.get 17
          f32.lt
          select
        end
        local.set 10
        local.get 7
        i32.const 1
        i32.eq
        if (result f32)
          local.get 3
        else
          local.get 11
          local.get 3
          local.set 19
          local.set 18
          local.get 19
          local.get 18
          local.get 18
          local.get 19
          f32.lt
          select
        end
        local.set 11
        local.get 12
        f32.const 0.875
        f32.mul
        local.get 3
        f32.const 0.125
        f32.mul
        f32.add
        local.set 12
        local.get 0
        local.get 1
        local.get 3
        call 15
        local.set 14
        local.get 14
        local.set 20
        local.get 14
        local.set 22
        local.get 22
        i32.const 6
        i32.lt_u
        if (result i32)
          local.get 15
          local.get 22
          i32.const 4
          i32.mul
          i32.add
          i32.load offset=24
        else
          local.get 0
          i32.const 3
          local.get 22
          call 3
          i32.const 0
        end
        i32.const 1
        i32.add
        local.set 21
        local.get 20
        i32.const 6
        i32.lt_u
        if
          local.get 15
          local.get 20
          i32.const 4
          i32.mul
          i32.add
          local.get 21
          i32.store offset=24
        else
          local.get 0
          i32.const 3
          local.get 20
          call 3
        end
        local.get 7
        i32.const 1
        i32.gt_u
        if (result f32)
          local.get 9
          local.get 7
          i32.const 1
          i32.sub
          f32.convert_i32_u
          f32.div
          f32.sqrt
        else
          f32.const 0
        end
        local.set 5
        local.get 7
        i32.const 8
        i32.gt_u
        if (result i32)
          local.get 13
          f32.abs
          f32.const 3
          local.get 5
          f32.mul
          f32.gt
        else
          i32.const 0
        end
        if
          global.get 0
          local.get 3
          f32.store offset=192
          global.get 0
          local.get 13
          f32.abs
          local.get 5
          f32.div
          f32.store offset=196
          local.get 0
          local.get 1
          i32.const 1866407657
          i32.const 8
          call 2
        end
      end
      local.get 2
      i32.const 1
      i32.add
      local.set 2
      br 0
    end
  end
  local.get 15
  local.get 7
  i32.store
  local.get 15
  local.get 8
  f32.store offset=4
  local.get 15
  local.get 9
  f32.store offset=8
  local.get 15
  local.get 10
  f32.store offset=12
  local.get 15
  local.get 11
  f32.store offset=16
  local.get 15
  local.get 12
  f32.store offset=20)

(func $Report
  (local 1 f32)
  (local 1 i32)
  (local 1 i32)
  global.get 1
  local.get 0
  global.get 2
  i32.mul
  i32.add
  local.set 3
  local.get 3
  i32.load
  i32.const 1
  i32.gt_u
  if (result f32)
    local.get 3
    f32.load offset=8
    local.get 3
    i32.load
    i32.const 1
    i32.sub
    f32.convert_i32_u
    f32.div
  else
    f32.const 0
  end
  local.set 2
  global.get 0
  local.get 3
  i32.load
  i32.store offset=192
  global.get 0
  local.get 3
  f32.load offset=4
  f32.store offset=196
  global.get 0
  local.get 2
  f32.store offset=200
  global.get 0
  local.get 2
  f32.sqrt
  f32.store offset=204
  global.get 0
  i32.const 208
  i32.add
  local.get 3
  i32.const 24
  i32.add
  i32.const 24
  memory.copy
  local.get 0
  local.get 1
  i32.const -409710924
  i32.const 40
  call 1)

(func $run
  local.get 2
  i32.const 0
  i32.eq
  if
    local.get 0
    local.get 1
    call 16
    return
  end
  local.get 2
  i32.const 1
  i32.eq
  if
    local.get 0
    local.get 1
    call 17
    return
  end)
