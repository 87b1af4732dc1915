;; The lines of a COPY as records: 16 hex digits of xxh64, the key, a line feed. What is to be done with each of a million rows is done here, many rows in one call, without an object for any of them.
;; `npm run generate` writes it into row-kernel-code.ts; `row-kernel.ts` calls it and says how memory is laid out.
;; Facts: xxh64, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
(module
  (memory (export "memory") 1)

  ;; Where the next record begins.
  (global $filled (export "filled") (mut i32) (i32.const 0))
  ;; 1 as long as each key was larger than the one before it, as far as its bytes tell.
  (global $ascending (export "ascending") (mut i32) (i32.const 1))
  ;; The key of the record before, in the records; 0: there is none.
  (global $key (export "key") (mut i32) (i32.const 0))
  (global $keyEnd (mut i32) (i32.const 0))

  ;; The hex digits of a byte, low half of the table's index first.
  (func $digits (param $byte i32) (result i32)
    (local $high i32)
    (local $low i32)
    (local.set $high (i32.shr_u (local.get $byte) (i32.const 4)))
    (local.set $low (i32.and (local.get $byte) (i32.const 15)))
    (i32.or
      (i32.add (local.get $high) (select (i32.const 87) (i32.const 48) (i32.gt_u (local.get $high) (i32.const 9))))
      (i32.shl
        (i32.add (local.get $low) (select (i32.const 87) (i32.const 48) (i32.gt_u (local.get $low) (i32.const 9))))
        (i32.const 8))))

  (func $round (param $acc i64) (param $input i64) (result i64)
    (i64.mul
      (i64.rotl (i64.add (local.get $acc) (i64.mul (local.get $input) (i64.const -4417276706812531889))) (i64.const 31))
      (i64.const -7046029288634856825)))

  (func $merge (param $hash i64) (param $lane i64) (result i64)
    (i64.add
      (i64.mul (i64.xor (local.get $hash) (call $round (i64.const 0) (local.get $lane))) (i64.const -7046029288634856825))
      (i64.const -8796714831421723037)))

  ;; xxh64 of the bytes between two places.
  (func $hash (param $at i32) (param $end i32) (param $seed i64) (result i64)
    (local $hash i64)
    (local $a i64)
    (local $b i64)
    (local $c i64)
    (local $d i64)
    (local $length i64)
    (local.set $length (i64.extend_i32_u (i32.sub (local.get $end) (local.get $at))))
    (if (i64.ge_u (local.get $length) (i64.const 32))
      (then
        (local.set $a (i64.add (local.get $seed) (i64.const 6983438078262162902)))
        (local.set $b (i64.add (local.get $seed) (i64.const -4417276706812531889)))
        (local.set $c (local.get $seed))
        (local.set $d (i64.sub (local.get $seed) (i64.const -7046029288634856825)))
        ;; Four times `$round`: calls of it are a third of the time.
        (loop $stripe
          (local.set $a
            (i64.mul
              (i64.rotl (i64.add (local.get $a) (i64.mul (i64.load align=1 (local.get $at)) (i64.const -4417276706812531889))) (i64.const 31))
              (i64.const -7046029288634856825)))
          (local.set $b
            (i64.mul
              (i64.rotl (i64.add (local.get $b) (i64.mul (i64.load offset=8 align=1 (local.get $at)) (i64.const -4417276706812531889))) (i64.const 31))
              (i64.const -7046029288634856825)))
          (local.set $c
            (i64.mul
              (i64.rotl (i64.add (local.get $c) (i64.mul (i64.load offset=16 align=1 (local.get $at)) (i64.const -4417276706812531889))) (i64.const 31))
              (i64.const -7046029288634856825)))
          (local.set $d
            (i64.mul
              (i64.rotl (i64.add (local.get $d) (i64.mul (i64.load offset=24 align=1 (local.get $at)) (i64.const -4417276706812531889))) (i64.const 31))
              (i64.const -7046029288634856825)))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (br_if $stripe (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 32))))
        (local.set $hash
          (i64.add
            (i64.add (i64.rotl (local.get $a) (i64.const 1)) (i64.rotl (local.get $b) (i64.const 7)))
            (i64.add (i64.rotl (local.get $c) (i64.const 12)) (i64.rotl (local.get $d) (i64.const 18)))))
        (local.set $hash (call $merge (local.get $hash) (local.get $a)))
        (local.set $hash (call $merge (local.get $hash) (local.get $b)))
        (local.set $hash (call $merge (local.get $hash) (local.get $c)))
        (local.set $hash (call $merge (local.get $hash) (local.get $d))))
      (else (local.set $hash (i64.add (local.get $seed) (i64.const 2870177450012600261)))))
    (local.set $hash (i64.add (local.get $hash) (local.get $length)))
    (block $eightDone
      (loop $eight
        (br_if $eightDone (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 8)))
        (local.set $hash
          (i64.add
            (i64.mul
              (i64.rotl
                (i64.xor
                  (local.get $hash)
                  (i64.mul
                    (i64.rotl (i64.mul (i64.load align=1 (local.get $at)) (i64.const -4417276706812531889)) (i64.const 31))
                    (i64.const -7046029288634856825)))
                (i64.const 27))
              (i64.const -7046029288634856825))
            (i64.const -8796714831421723037)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $eight)))
    (if (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 4))
      (then
        (local.set $hash
          (i64.add
            (i64.mul
              (i64.rotl
                (i64.xor (local.get $hash) (i64.mul (i64.load32_u align=1 (local.get $at)) (i64.const -7046029288634856825)))
                (i64.const 23))
              (i64.const -4417276706812531889))
            (i64.const 1609587929392839161)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))
    (block $oneDone
      (loop $one
        (br_if $oneDone (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $hash
          (i64.mul
            (i64.rotl
              (i64.xor (local.get $hash) (i64.mul (i64.load8_u (local.get $at)) (i64.const 2870177450012600261)))
              (i64.const 11))
            (i64.const -7046029288634856825)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $one)))
    (local.set $hash (i64.mul (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 33))) (i64.const -4417276706812531889)))
    (local.set $hash (i64.mul (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 29))) (i64.const 1609587929392839161)))
    (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))

  ;; A whole number without sign and leading zeros.
  (func $natural (param $at i32) (param $end i32) (result i32)
    (if (i32.eq (local.get $at) (local.get $end)) (then (return (i32.const 0))))
    (if (i32.and
          (i32.eq (i32.load8_u (local.get $at)) (i32.const 48))
          (i32.gt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 1)))
      (then (return (i32.const 0))))
    (loop $next
      (if (i32.gt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)) (i32.const 9)) (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (i32.const 1))

  ;; Whether a key is certainly smaller than another one. Orders: 0 bytes, 1 UTF-16, 2 integer.
  (func $less (param $at i32) (param $atEnd i32) (param $by i32) (param $byEnd i32) (param $order i32) (result i32)
    (local $one i32)
    (local $other i32)
    (if (i32.eq (local.get $order) (i32.const 2))
      (then
        (if (i32.eqz (i32.and (call $natural (local.get $at) (local.get $atEnd)) (call $natural (local.get $by) (local.get $byEnd))))
          (then (return (i32.const 0))))
        (local.set $one (i32.sub (local.get $atEnd) (local.get $at)))
        (local.set $other (i32.sub (local.get $byEnd) (local.get $by)))
        (if (i32.ne (local.get $one) (local.get $other)) (then (return (i32.lt_u (local.get $one) (local.get $other)))))))
    (loop $next
      (if (i32.eq (local.get $at) (local.get $atEnd)) (then (return (i32.lt_u (local.get $by) (local.get $byEnd)))))
      (if (i32.eq (local.get $by) (local.get $byEnd)) (then (return (i32.const 0))))
      (local.set $one (i32.load8_u (local.get $at)))
      (local.set $other (i32.load8_u (local.get $by)))
      (if (i32.ne (local.get $one) (local.get $other))
        (then
          ;; Above ASCII, UTF-16 has another order than UTF-8.
          (if (i32.and
                (i32.eq (local.get $order) (i32.const 1))
                (i32.and (i32.ge_u (local.get $one) (i32.const 128)) (i32.ge_u (local.get $other) (i32.const 128))))
            (then (return (i32.const 0))))
          (return (i32.lt_u (local.get $one) (local.get $other)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $by (i32.add (local.get $by) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; The records of rows from `row` on, up to `rows` or to one whose key is not plain text: to that, which it gives back, the caller has to see.
  ;; `bounds`: where each line begins and ends, from `lines` on. `ends`: where each record ends, from `records` on. `column`: that of the key.
  (func (export "pack")
    (param $row i32) (param $rows i32) (param $bounds i32) (param $lines i32) (param $ends i32) (param $records i32)
    (param $column i32) (param $order i32) (param $seed i64) (result i32)
    (local $start i32)
    (local $end i32)
    (local $from i32)
    (local $to i32)
    (local $passed i32)
    (local $byte i32)
    (local $out i32)
    (local $hash i64)
    (loop $nextRow
      (if (i32.ge_u (local.get $row) (local.get $rows)) (then (return (local.get $row))))
      (local.set $start (i32.add (local.get $lines) (i32.load (i32.add (local.get $bounds) (i32.shl (local.get $row) (i32.const 3))))))
      (local.set $end (i32.add (local.get $lines) (i32.load offset=4 (i32.add (local.get $bounds) (i32.shl (local.get $row) (i32.const 3))))))
      ;; The key's column begins behind so many tabs.
      (local.set $from (local.get $start))
      (local.set $passed (local.get $column))
      (block $found
        (loop $tab
          (br_if $found (i32.eqz (local.get $passed)))
          (if (i32.ge_u (local.get $from) (local.get $end)) (then (return (local.get $row))))
          (local.set $passed (i32.sub (local.get $passed) (i32.eq (i32.load8_u (local.get $from)) (i32.const 9))))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (br $tab)))
      (local.set $to (local.get $from))
      (block $ended
        (loop $byteOfKey
          (br_if $ended (i32.ge_u (local.get $to) (local.get $end)))
          (local.set $byte (i32.load8_u (local.get $to)))
          (br_if $ended (i32.eq (local.get $byte) (i32.const 9)))
          (if (i32.eq (local.get $byte) (i32.const 92)) (then (return (local.get $row))))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (br $byteOfKey)))
      ;; Blanks in front or at the end may be padding, or all there is.
      (if (i32.eq (local.get $from) (local.get $to)) (then (return (local.get $row))))
      (if (i32.gt_u (i32.sub (i32.load8_u (local.get $from)) (i32.const 33)) (i32.const 93)) (then (return (local.get $row))))
      (if (i32.eq (i32.load8_u (i32.sub (local.get $to) (i32.const 1))) (i32.const 32)) (then (return (local.get $row))))
      (if (i32.and (global.get $ascending) (i32.ne (global.get $key) (i32.const 0)))
        (then
          (global.set $ascending
            (call $less (global.get $key) (global.get $keyEnd) (local.get $from) (local.get $to) (local.get $order)))))
      (local.set $hash (call $hash (local.get $start) (local.get $end) (local.get $seed)))
      (local.set $out (global.get $filled))
      (local.set $passed (i32.const 8))
      (loop $octet
        (local.set $hash (i64.rotl (local.get $hash) (i64.const 8)))
        (i32.store16 align=1 (local.get $out) (call $digits (i32.and (i32.wrap_i64 (local.get $hash)) (i32.const 255))))
        (local.set $out (i32.add (local.get $out) (i32.const 2)))
        (local.set $passed (i32.sub (local.get $passed) (i32.const 1)))
        (br_if $octet (local.get $passed)))
      (global.set $key (local.get $out))
      (loop $copy
        (i32.store8 (local.get $out) (i32.load8_u (local.get $from)))
        (local.set $out (i32.add (local.get $out) (i32.const 1)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br_if $copy (i32.lt_u (local.get $from) (local.get $to))))
      (global.set $keyEnd (local.get $out))
      (i32.store8 (local.get $out) (i32.const 10))
      (local.set $out (i32.add (local.get $out) (i32.const 1)))
      (global.set $filled (local.get $out))
      (i32.store
        (i32.add (local.get $ends) (i32.shl (local.get $row) (i32.const 2)))
        (i32.sub (local.get $out) (local.get $records)))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br $nextRow))
    (unreachable)))
