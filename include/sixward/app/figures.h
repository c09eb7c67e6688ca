#ifndef SIXWARD_APP_FIGURES_H
#define SIXWARD_APP_FIGURES_H

/* Numbers as people like to read them, rounded. NAN is what is not known, and shows as "-". Each
 * returns `text`. */

enum { FIGURES_MAX = 32 };

char *figures_rate(double per_second, char text[FIGURES_MAX]); /* "38.4" */
char *figures_count(double count, char text[FIGURES_MAX]);     /* "48211", "9.48 M" */
char *figures_octets(double octets, char text[FIGURES_MAX]);   /* "20.9 MiB" */
char *figures_span(double seconds, char text[FIGURES_MAX]);    /* "3 d 5 h" */
char *figures_ms(double ms, char text[FIGURES_MAX]);           /* "8.1 ms" */
char *figures_share(double share, char text[FIGURES_MAX]);     /* of 1: "0.4 %" */

#endif
