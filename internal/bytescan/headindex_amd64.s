//go:build amd64 && !purego && !noasm

#include "textflag.h"

// What is computed for each 64 bytes, all as masks of one bit a byte:
//
//	T   token characters, by two look-ups of four bits each (VPSHUFB)
//	K   stop bytes: (c <= 0x1f and c != HTAB) or c == DEL
//	K1  K shifted to the next byte: "the byte before is a stop byte"
//	S   K1 &^ K: lines begin here
//	E   (T + S + carry) &^ T: the addition carries from each S through the
//	    tokens and leaves a bit at the first byte that is none
//	X   E | (K &^ K1): the entries, written out by TZCNT and BLSR
//	D   K & K1: two stop bytes in a row; D & D<<2: four, the end of a head
//
// Carries from block to block: K's top bit, the addition's carry (1 at first:
// a line begins at the first byte), D's top two bits.
//
// The last block may be short. Its 64 bytes are loaded from its begin on if
// that stays within the page, else so that they end with the last byte: then
// the page is that of the bytes before. Either way no page is touched that does
// not hold a byte of b, and what is not of b is masked away.

DATA tokenLow<>+0(SB)/8, $0xfcfcfcfcfcf8fce8
DATA tokenLow<>+8(SB)/8, $0x70f454d054f4f8f8
GLOBL tokenLow<>(SB), RODATA|NOPTR, $16

DATA tokenHigh<>+0(SB)/8, $0x8040201008040201
DATA tokenHigh<>+8(SB)/8, $0x0000000000000000
GLOBL tokenHigh<>(SB), RODATA|NOPTR, $16

DATA bytes0f<>+0(SB)/1, $0x0f
GLOBL bytes0f<>(SB), RODATA|NOPTR, $1
DATA bytes1f<>+0(SB)/1, $0x1f
GLOBL bytes1f<>(SB), RODATA|NOPTR, $1
DATA bytes09<>+0(SB)/1, $0x09
GLOBL bytes09<>(SB), RODATA|NOPTR, $1
DATA bytes7f<>+0(SB)/1, $0x7f
GLOBL bytes7f<>(SB), RODATA|NOPTR, $1

// CLASSIFY takes 32 bytes in V and leaves non-tokens in NT, stop bytes in K.
#define CLASSIFY(V, A, B, C, NT, K) \
	VPSRLW    $4, V, A      \
	VPSHUFB   V, Y8, B      \
	VPAND     Y10, A, A     \
	VPMINUB   Y11, V, C     \
	VPSHUFB   A, Y9, A      \
	VPCMPEQB  C, V, C       \
	VPAND     A, B, A       \
	VPCMPEQB  Y12, V, B     \
	VPCMPEQB  Y14, A, A     \
	VPANDN    C, B, C       \
	VPCMPEQB  Y13, V, B     \
	VPMOVMSKB A, NT         \
	VPOR      B, C, C       \
	VPMOVMSKB C, K

// func fillAVX2(x *HeadIndex, b []byte, from int) int
TEXT ·fillAVX2(SB), NOSPLIT, $0-48
	MOVQ x+0(FP), DI
	MOVQ b_base+8(FP), SI
	MOVQ b_len+16(FP), CX
	MOVQ from+32(FP), R8   // position of the block
	ADDQ R8, SI
	SUBQ R8, CX

	VBROADCASTI128 tokenLow<>(SB), Y8
	VBROADCASTI128 tokenHigh<>(SB), Y9
	VPBROADCASTB   bytes0f<>(SB), Y10
	VPBROADCASTB   bytes1f<>(SB), Y11
	VPBROADCASTB   bytes09<>(SB), Y12
	VPBROADCASTB   bytes7f<>(SB), Y13
	VPXOR          Y14, Y14, Y14

	MOVQ DI, R9        // where the next entry goes
	LEAQ 384(DI), R15  // headIndexFull entries of 4 bytes
	XORL R10, R10      // K's top bit of the block before
	MOVL $1, R11       // the addition's carry
	XORL R12, R12      // D of the block before

block:
	CMPQ CX, $64
	JL   short

	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	CLASSIFY(Y0, Y2, Y3, Y4, AX, BX)
	CLASSIFY(Y1, Y5, Y6, Y7, R13, R14)
	SHLQ $32, R13
	SHLQ $32, R14
	ORQ  R13, AX       // not T
	ORQ  R14, BX       // K
	NOTQ AX            // T

masks:
	LEAQ  (R10)(BX*2), R13 // K1
	MOVQ  BX, R10
	SHRQ  $63, R10
	ANDNQ R13, BX, R14     // S = K1 &^ K
	MOVQ  AX, DX           // T
	BTL   $0, R11          // the carry to CF
	ADCQ  R14, AX          // T + S + carry
	SBBQ  R11, R11
	NEGQ  R11
	ANDNQ AX, DX, AX       // E = sum &^ T
	ANDNQ BX, R13, R14     // K &^ K1
	ORQ   R14, AX          // X
	ANDQ  R13, BX          // D
	LEAQ  (BX*4), R14
	SHRQ  $62, R12
	ORQ   R12, R14
	MOVQ  BX, R12
	ANDQ  BX, R14          // four in a row
	POPCNTQ AX, R13
	LEAQ    (R9)(R13*4), R13

entries:
	// Four at a time, also where there are none: a block has three on average,
	// and a branch for each would be guessed wrong. HeadIndex has the room.
	TZCNTQ AX, DX
	BLSRQ  AX, AX
	ADDL   R8, DX
	MOVL   DX, (R9)
	TZCNTQ AX, DX
	BLSRQ  AX, AX
	ADDL   R8, DX
	MOVL   DX, 4(R9)
	TZCNTQ AX, DX
	BLSRQ  AX, AX
	ADDL   R8, DX
	MOVL   DX, 8(R9)
	TZCNTQ AX, DX
	BLSRQ  AX, AX
	ADDL   R8, DX
	MOVL   DX, 12(R9)
	ADDQ   $16, R9
	TESTQ  AX, AX
	JNZ    entries

	MOVQ  R13, R9
	TESTQ R14, R14
	JNZ   done
	CMPQ  R9, R15
	JAE   done
	ADDQ  $64, R8
	ADDQ  $64, SI
	SUBQ  $64, CX
	JA    block

done:
	SUBQ DI, R9
	SHRQ $2, R9
	MOVQ R9, ret+40(FP)
	VZEROUPPER
	RET

short:
	TESTQ CX, CX
	JLE   done
	MOVL  SI, AX
	ANDL  $4095, AX
	CMPL  AX, $4032
	JA    backward

	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	CLASSIFY(Y0, Y2, Y3, Y4, AX, BX)
	CLASSIFY(Y1, Y5, Y6, Y7, R13, R14)
	SHLQ $32, R13
	SHLQ $32, R14
	ORQ  R13, AX
	ORQ  R14, BX
	NOTQ AX
	BZHIQ CX, AX, AX
	BZHIQ CX, BX, BX
	JMP  tail

backward:
	VMOVDQU -64(SI)(CX*1), Y0
	VMOVDQU -32(SI)(CX*1), Y1
	CLASSIFY(Y0, Y2, Y3, Y4, AX, BX)
	CLASSIFY(Y1, Y5, Y6, Y7, R13, R14)
	SHLQ $32, R13
	SHLQ $32, R14
	ORQ  R13, AX
	ORQ  R14, BX
	NOTQ AX
	MOVL $64, DX
	SUBQ CX, DX
	SHRXQ DX, AX, AX
	SHRXQ DX, BX, BX

tail:
	// As at masks, and the entry that the addition may leave behind the last
	// byte is cut off.
	LEAQ  (R10)(BX*2), R13
	ANDNQ R13, BX, R14
	MOVQ  AX, DX
	BTL   $0, R11
	ADCQ  R14, AX
	ANDNQ AX, DX, AX
	ANDNQ BX, R13, R14
	ORQ   R14, AX
	BZHIQ CX, AX, AX
	XORL  CX, CX           // this was the last block
	XORL  R14, R14
	POPCNTQ AX, R13
	LEAQ    (R9)(R13*4), R13
	JMP   entries
