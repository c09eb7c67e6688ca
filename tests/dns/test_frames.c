#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/dns/frames.h"

enum { FRAME_MAX = 2 + 65535, ROUNDS = 300 };

/* A fixed sequence that looks random (xorshift). */
static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* A frame whose octets tell its number. Returns its size. */
static size_t put_frame(uint8_t *out, uint8_t number, uint16_t length)
{
	bytes_put_u16(out, length);
	memset(out + 2, number, length);
	return 2U + length;
}

static void assert_next(struct frames *frames, uint8_t number, uint16_t length)
{
	const uint8_t *message = NULL;
	size_t size = 0;

	assert_int_equal(frames_next(frames, &message, &size), FRAMES_MESSAGE);
	assert_int_equal(size, length);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(message[i], number);
}

/* Waiting with nothing held keeps no memory. */
static void assert_empty(struct frames *frames)
{
	const uint8_t *message = NULL;
	size_t size = 0;

	assert_int_equal(frames_next(frames, &message, &size), FRAMES_WAIT);
	assert_int_equal(frames_held(frames), 0);
	assert_null(frames->octets);
	assert_int_equal(frames->room, 0);
	assert_null(message);
}

static void zeroed_frames_are_ready_and_may_be_cleared(void **state)
{
	struct frames frames = { 0 };

	(void)state;
	assert_empty(&frames);
	frames_lend(&frames, NULL, 0);
	assert_empty(&frames);
	frames_clear(&frames);
	frames_clear(&frames);
}

/* R7766-8-a */
static void message_may_come_in_single_octets(void **state)
{
	struct frames frames = { 0 };
	uint8_t frame[2 + 700];
	size_t size = put_frame(frame, 7, 700);
	const uint8_t *message;
	size_t length;

	(void)state;
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(frames_next(&frames, &message, &length), FRAMES_WAIT);
		assert_int_equal(frames_held(&frames), i);
		frames_lend(&frames, frame + i, 1);
	}
	assert_next(&frames, 7, 700);
	assert_empty(&frames);
}

/* R7766-8-a */
static void many_messages_may_come_at_once_with_part_of_another(void **state)
{
	struct frames frames = { 0 };
	uint8_t stream[4096];
	size_t size = 0;
	const uint8_t *message;
	size_t length;

	(void)state;
	for (uint8_t i = 0; i < 20; i++)
		size += put_frame(stream + size, i, (uint16_t)(12 + 5 * i));
	frames_lend(&frames, stream, size - 30);
	for (uint8_t i = 0; i < 19; i++)
		assert_next(&frames, i, (uint16_t)(12 + 5 * i));
	assert_int_equal(frames_next(&frames, &message, &length), FRAMES_WAIT);
	assert_int_equal(frames_held(&frames), 2 + 107 - 30);
	frames_lend(&frames, stream + size - 30, 30);
	assert_next(&frames, 19, 107);
	assert_empty(&frames);
}

/* TCP-b, MAL-01 */
static void length_of_less_than_a_header_breaks_the_stream(void **state)
{
	static const uint16_t lengths[] = { 0, 1, 11 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct frames frames = { 0 };
		uint8_t stream[64];
		size_t size = put_frame(stream, 1, 12);
		const uint8_t *message;
		size_t length;

		size += put_frame(stream + size, 2, lengths[i]);
		frames_lend(&frames, stream, size);
		assert_next(&frames, 1, 12);
		assert_int_equal(frames_next(&frames, &message, &length), FRAMES_BROKEN);
		frames_keep(&frames);
		frames_lend(&frames, stream, 14);
		assert_int_equal(frames_next(&frames, &message, &length), FRAMES_BROKEN);
		frames_clear(&frames);
		assert_empty(&frames);
	}
}

/* TCP-b: and what the length claims costs nothing. */
static void length_of_more_than_arrives_waits(void **state)
{
	struct frames frames = { 0 };
	uint8_t octets[12] = { 0xff, 0xff };
	const uint8_t *message;
	size_t length;

	(void)state;
	frames_lend(&frames, octets, sizeof(octets));
	assert_int_equal(frames_next(&frames, &message, &length), FRAMES_WAIT);
	assert_int_equal(frames_held(&frames), 12);
	assert_in_range(frames.room, 12, 64);
	frames_clear(&frames);
}

/* LIM-34 */
static void longest_message_takes_its_own_room_and_no_more(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct frames frames = { 0 };
	size_t size = put_frame(frame, 3, 65535);
	const uint8_t *message;
	size_t length;

	(void)state;
	for (size_t at = 0; at < size; at += 1000) {
		assert_int_equal(frames_next(&frames, &message, &length), FRAMES_WAIT);
		frames_lend(&frames, frame + at, size - at < 1000 ? size - at : 1000);
		assert_in_range(frames.room, 0, FRAME_MAX);
	}
	assert_next(&frames, 3, 65535);
	assert_empty(&frames);
}

static void memory_goes_back_when_little_of_much_is_left(void **state)
{
	static uint8_t stream[FRAME_MAX + 1];
	struct frames frames = { 0 };
	size_t size = put_frame(stream, 3, 65535);
	const uint8_t *message;
	size_t length;

	(void)state;
	stream[size] = 0;
	frames_lend(&frames, stream, size + 1);
	frames_keep(&frames);
	assert_in_range(frames.room, size + 1, FRAME_MAX + 1);
	assert_next(&frames, 3, 65535);
	assert_int_equal(frames_next(&frames, &message, &length), FRAMES_WAIT);
	assert_int_equal(frames_held(&frames), 1);
	assert_in_range(frames.room, 1, 64);
	frames_lend(&frames, (const uint8_t *)"\14twelve octets", 13);
	assert_int_equal(frames_next(&frames, &message, &length), FRAMES_MESSAGE);
	assert_int_equal(length, 12);
	assert_memory_equal(message, "twelve octet", 12);
	assert_empty(&frames);
}

/* What comes whole is not copied, and what is begun takes no more than its own octets. */
static void messages_are_taken_where_they_are(void **state)
{
	struct frames frames = { 0 };
	uint8_t stream[256];
	size_t size = 0;
	const uint8_t *message = NULL;
	size_t length = 0;

	(void)state;
	for (uint8_t i = 0; i < 4; i++)
		size += put_frame(stream + size, i, 20);
	frames_lend(&frames, stream, 22 + 5);
	assert_int_equal(frames_next(&frames, &message, &length), FRAMES_MESSAGE);
	assert_ptr_equal(message, stream + 2);
	assert_null(frames.octets);
	assert_int_equal(frames_next(&frames, &message, &length), FRAMES_WAIT);
	frames_lend(&frames, stream + 22 + 5, size - 22 - 5);
	assert_next(&frames, 1, 20);
	assert_int_equal(frames.end - frames.start, 0);
	assert_int_equal(frames_next(&frames, &message, &length), FRAMES_MESSAGE);
	assert_ptr_equal(message, stream + 44 + 2);
	assert_next(&frames, 3, 20);
	assert_empty(&frames);
}

/* R7766-8-a: however the stream is cut, the same messages come out, and what is held is
 * bounded by a message and the last piece. */
static void any_cut_of_the_stream_gives_the_same_messages(void **state)
{
	static uint8_t stream[64 * 1024];
	uint32_t seed = 0xf4a3;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint16_t lengths[64];
		struct frames frames = { 0 };
		size_t size = 0;
		size_t count = 1 + next(&seed) % 64;
		size_t piece_max = 1U << next(&seed) % 14;
		size_t got = 0;

		for (size_t i = 0; i < count; i++) {
			lengths[i] = (uint16_t)(12 + next(&seed) % (next(&seed) % 8 ? 60 : 1000));
			size += put_frame(stream + size, (uint8_t)i, lengths[i]);
		}
		for (size_t at = 0; at < size;) {
			size_t piece = 1 + next(&seed) % piece_max;
			const uint8_t *message;
			size_t length;

			if (piece > size - at)
				piece = size - at;
			frames_lend(&frames, stream + at, piece);
			at += piece;
			if (at < size && next(&seed) % 8 == 0) {
				frames_keep(&frames); /* the taker has enough for now */
				continue;
			}
			while (frames_next(&frames, &message, &length) == FRAMES_MESSAGE) {
				assert_int_equal(length, lengths[got]);
				assert_int_equal(message[0], got);
				assert_int_equal(message[length - 1], got);
				got++;
			}
			assert_in_range(frames_held(&frames), 0, 2 + 1012);
			assert_in_range(frames.room, 0, 64 + 8 * frames_held(&frames) + 256);
		}
		assert_int_equal(got, count);
		assert_empty(&frames);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_frames_are_ready_and_may_be_cleared),
		cmocka_unit_test(message_may_come_in_single_octets),
		cmocka_unit_test(many_messages_may_come_at_once_with_part_of_another),
		cmocka_unit_test(length_of_less_than_a_header_breaks_the_stream),
		cmocka_unit_test(length_of_more_than_arrives_waits),
		cmocka_unit_test(longest_message_takes_its_own_room_and_no_more),
		cmocka_unit_test(memory_goes_back_when_little_of_much_is_left),
		cmocka_unit_test(messages_are_taken_where_they_are),
		cmocka_unit_test(any_cut_of_the_stream_gives_the_same_messages),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
